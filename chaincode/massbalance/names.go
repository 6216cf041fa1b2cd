package massbalance

// Names lists keys that a command of the organisation names itself and reads
// whatever the state is: those of its record, its documents, its lots with what is
// frozen of them, and its transfer. Whoever has to fetch what commands read can fetch these together. The
// list needs not be complete, and decides nothing.
func Names(org OrganisationID, c Command) []Key {
	keys := append(make([]Key, 0, 2), RecordKey(org, c.ID)) // most have one document
	document := func(id EvidenceID) {
		if id != "" {
			keys = append(keys, EvidenceKey(org, id))
		}
	}
	lots := func(lines []LotLine) {
		for _, line := range lines {
			keys = append(keys, LotKey(line.Lot), TaintKey(line.Lot))
		}
	}
	switch b := c.Body.(type) {
	case Introduce:
		document(b.Evidence)
	case TakeIn:
		document(b.Evidence)
	case Dispatch:
		lots(b.Lines)
		for _, id := range b.Documents {
			document(id)
		}
	case Receive:
		keys = append(keys, TransferKey(b.Transfer))
		document(b.Evidence)
	case Return:
		keys = append(keys, TransferKey(b.Transfer))
		document(b.Evidence)
	case Reject:
		keys = append(keys, TransferKey(b.Transfer))
	case Convert:
		lots(b.Lines)
	case Withdraw:
		lots(b.Lines)
	case ClaimCredits:
		lots(b.Lines)
	}
	return keys
}

// Makes lists keys of lots that a command of the organisation makes itself, where it
// is accepted. Like that of Names, the list needs not be complete and decides nothing.
func Makes(org OrganisationID, c Command) []Key {
	switch c.Body.(type) {
	case Introduce, Receive, Return, Convert, MergeLots, Downgrade:
		return []Key{LotKey(NameLot(org, c.ID, 1))}
	}
	return nil
}

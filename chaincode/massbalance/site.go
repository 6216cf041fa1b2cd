package massbalance

// SiteOf names the site whose journal a command advances, or "" for commands
// on the common register. Submitters keep the commands of one site in order.
func SiteOf(body Body) SiteID {
	switch b := body.(type) {
	case RegisterSite:
		return b.Site
	case ChooseScheme:
		return b.Site
	case ChangeBalance:
		return b.Document.Consent.Site
	case OpenPeriod:
		return b.Site
	case ClosePeriod:
		return b.Site
	case Introduce:
		return b.Site
	case TakeIn:
		return b.Site
	case Dispatch:
		return b.Site
	case Receive:
		return b.Site
	case Reject:
		return b.Site
	case Return:
		return b.Site
	case Convert:
		return b.Site
	case MergeLots:
		return b.Site
	case Downgrade:
		return b.Site
	case Decouple:
		return b.Site
	case Reassign:
		return b.Site
	case TransferCredits:
		return b.Site
	case AcceptCredits:
		return b.Site
	case ReturnCredits:
		return b.Site
	case Withdraw:
		return b.Site
	case ClaimCredits:
		return b.Site
	case Cancel:
		return b.Site
	case ReportTier:
		return b.Site
	case ProposeReversal:
		return b.Site
	case ConfirmReversal:
		return b.Site
	case CompleteReversal:
		return b.Site
	case Reverse:
		return b.Site
	case CoverRecall:
		return b.Site
	}
	return ""
}

package massbalance

// adopted reports whether a record puts a version of an entry of the common
// register in force: late approvals of what holds already, and of what was
// replaced since, do not.
func (t *Tally) adopted(e Entry, what string, version int) bool {
	version = max(version, 1)
	if e.Record.Pending || version <= t.versions[what] {
		return false
	}
	if version != t.versions[what]+1 {
		t.find(e, "version %d of %s follows version %d", version, what, t.versions[what])
	}
	t.versions[what] = version
	return true
}

// governance checks that each record was decided by the rules in force: those
// that the consortium adopted before it.
func (t *Tally) governance(e Entry) {
	if inForce := max(t.versions["rules"], 1); e.Record.Rules != inForce {
		t.find(e, "decided by version %d of the rules, version %d is in force", e.Record.Rules, inForce)
	}
	switch body := e.Command.Body.(type) {
	case FoundConsortium:
		t.versions["rules"] = body.Rules
	case AdoptRules:
		if !e.Record.Pending && body.Version > t.versions["rules"] {
			t.versions["rules"] = body.Version
		}
	}
}

package massbalance

import (
	"fmt"
	"slices"
)

func (b OpenPeriod) check() string {
	switch {
	case !ValidName(string(b.Site)):
		return fmt.Sprintf("site: %q is not a name", b.Site)
	case !ValidName(string(b.Period)):
		return fmt.Sprintf("period: %q is not a name", b.Period)
	case !b.From.Valid() || !b.To.Valid() || b.To < b.From:
		return fmt.Sprintf("period %s: %q to %q is not a span of days", b.Period, b.From, b.To)
	}
	return ""
}

func (b OpenPeriod) execute(e *execution) error {
	site, err := e.ownSite(b.Site)
	if err != nil {
		return err
	}
	if err := e.absent(PeriodKey(site.ID, b.Period)); err != nil {
		return err
	}
	head, err := need[Head](e, HeadKey(site.ID))
	if err != nil {
		return err
	}
	if head.Period != "" {
		return refuse(PeriodNotContiguous, "period %s of site %s is still open", head.Period, site.ID)
	}
	if head.Last != "" {
		last, err := need[Period](e, PeriodKey(site.ID, head.Last))
		if err != nil {
			return err
		}
		if b.From != last.To.Next() {
			return refuse(PeriodNotContiguous, "period %s begins on %s, but %s ended on %s: the next must begin on %s", b.Period, b.From, head.Last, last.To, last.To.Next())
		}
	}
	if most := b.From.AddMonths(yearMonths); e.rules >= 3 && b.To >= most {
		return refuse(PeriodLength, "period %s ends on %s; one that begins on %s ends before %s, for none is longer than a year", b.Period, b.To, b.From, most)
	}
	period := Period{From: b.From, To: b.To, Previous: head.Last, Scheme: site.Scheme}
	if site.Scheme != "" {
		profile, err := e.profileOf(site.Scheme)
		if err != nil {
			return err
		}
		if e.rules < 3 || head.Last == "" || !b.short() {
			if err := profile.checkLength(&head, b); err != nil {
				return err
			}
		}
		period.Profile = max(profile.Version, 1)
	}
	e.put(PeriodKey(site.ID, b.Period), period)
	head.Period = b.Period
	e.record.Subject, e.record.Period = string(b.Period), b.Period
	e.advance(site.ID, head)
	return nil
}

// yearMonths is the most that a period may last.
const yearMonths = 12

// short reports whether the period begins on a day that not every month has and
// runs to the end of that month. No month ends on the eve of such a day, so no
// regular length fits: a site whose last period ended just before it could never
// open another one under a profile that asks for whole months.
func (b OpenPeriod) short() bool {
	next := b.To.Next()
	return dayOf(b.From) > regularDays && dayOf(next) == "01" && next <= b.From.plus(longestMonth)
}

const (
	// regularDays is the last day that every month has.
	regularDays = "28"
	// longestMonth is more days than are left of a month after it.
	longestMonth = 3
)

// dayOf is the day of the month.
func dayOf(d Date) string { return string(d[len(d)-2:]) }

// checkLength lets a period have one of the lengths that the profile allows,
// and the one that the site has once it is set: only its certifier can change
// that (EU Union Database).
func (p Profile) checkLength(head *Head, b OpenPeriod) error {
	if len(p.PeriodMonths) == 0 {
		return nil
	}
	months := monthsOf(b.From, b.To)
	if !slices.Contains(p.PeriodMonths, months) {
		return refuse(PeriodLength, "period %s, %s to %s, is not one of %v whole months from a day that every month has", b.Period, b.From, b.To, p.PeriodMonths)
	}
	if head.Months != 0 && head.Months != months {
		return refuse(PeriodLength, "site %s has periods of %d months, and period %s is of %d: its certifier must consent to the change", b.Site, head.Months, b.Period, months)
	}
	head.Months = months
	return nil
}

// monthsOf is the length of a span in whole months, 0 if it is none of the
// regulated lengths.
func monthsOf(from, to Date) int {
	for _, months := range PeriodLengths {
		if dayOf(from) <= regularDays && from.AddMonths(months) == to.Next() {
			return months
		}
	}
	return 0
}

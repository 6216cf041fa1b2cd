package table

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Reading says how texts are read that could mean two things. What it leaves
// open is refused where it matters.
type Reading struct {
	// Decimal is the decimal sign, "." or ","; "" is unknown.
	Decimal string
	// DayFirst and MonthFirst say what 03/04/2025 is.
	DayFirst, MonthFirst bool
}

const (
	// significant is how many digits a spreadsheet's number holds for certain.
	significant = 15
	// A spreadsheet's exponent beyond this is no quantity of anything.
	exponentLimit = 30
)

// exact gives a workbook's number as the decimal that was typed: 24820.099999999999
// is how a spreadsheet stores 24820.1.
func exact(value string) string {
	d, err := decimal.NewFromString(value)
	if err != nil || d.Exponent() > exponentLimit || d.Exponent() < -400 {
		return value
	}
	if excess := int32(d.NumDigits()) - significant; excess > 0 {
		d = d.Round(-(d.Exponent() + excess))
	}
	return d.String()
}

var (
	plainForm    = regexp.MustCompile(`^[0-9]+$`)
	groupedForms = map[string]*regexp.Regexp{
		".": regexp.MustCompile(`^[1-9][0-9]{0,2}(\.[0-9]{3})+$`),
		",": regexp.MustCompile(`^[1-9][0-9]{0,2}(,[0-9]{3})+$`),
		" ": regexp.MustCompile(`^[1-9][0-9]{0,2}( [0-9]{3})+$`),
		"'": regexp.MustCompile(`^[1-9][0-9]{0,2}('[0-9]{3})+$`),
	}
	spaces = strings.NewReplacer("\u00a0", " ", "\u202f", " ", "\u2009", " ", "’", "'")
)

// Number reads a cell as a decimal and gives it in plain form, such as
// 24820.125. A text such as 24.820 is 24820 in one country and 24.82 in another;
// it is refused unless the reading says which.
func (r Reading) Number(cell Cell) (string, error) {
	if cell.Kind == Number {
		return cell.Text, nil
	}
	if cell.Kind != Text {
		return "", fmt.Errorf("%q is not a number", cell.Text)
	}
	text := spaces.Replace(cell.Text)
	if unit := strings.TrimSpace(strings.TrimSuffix(strings.TrimSuffix(text, "KG"), "kg")); unit != text {
		text = unit
	}
	whole, fraction, err := r.split(text)
	if err != nil {
		return "", err
	}
	if whole, err = ungroup(whole); err != nil || fraction != "" && !plainForm.MatchString(fraction) {
		return "", fmt.Errorf("%q is not a number", cell.Text)
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return whole, nil
}

// split cuts a number at its decimal sign: the one that the reading names, or
// the last of two different ones, or a lone one that can't stand between thousands.
func (r Reading) split(text string) (whole, fraction string, err error) {
	point, comma := strings.LastIndex(text, "."), strings.LastIndex(text, ",")
	at := max(point, comma)
	if at < 0 {
		return text, "", nil
	}
	sign := text[at : at+1]
	switch {
	case r.Decimal != "" && strings.Contains(text, r.Decimal):
		whole, fraction, _ = strings.Cut(text, r.Decimal)
		if fraction == "" {
			fraction = "?" // a sign without decimals is a slip
		}
		return whole, fraction, nil
	case r.Decimal != "":
		return text, "", nil
	case strings.Count(text, sign) > 1:
		return text, "", nil // no number has two decimal signs, so it groups
	case point >= 0 && comma >= 0 || !groupedForms[sign].MatchString(text):
		if text[at+1:] == "" {
			return "", "", fmt.Errorf("%q is not a number", text)
		}
		return text[:at], text[at+1:], nil
	}
	return "", "", fmt.Errorf("%q could be %s or %s; say which decimal sign the file has (decimal=point or decimal=comma)",
		text, strings.Replace(text, sign, "", 1), strings.Replace(text, ",", ".", 1))
}

// ungroup drops the signs between thousands, if they stand between thousands.
func ungroup(text string) (string, error) {
	if plainForm.MatchString(text) {
		return text, nil
	}
	for sign, form := range groupedForms {
		if form.MatchString(text) {
			return strings.ReplaceAll(text, sign, ""), nil
		}
	}
	return "", fmt.Errorf("%q is not a number", text)
}

var (
	slashed = regexp.MustCompile(`^([0-9]{1,2})[/-]([0-9]{1,2})[/-]([0-9]{4})$`)
	dotted  = regexp.MustCompile(`^([0-9]{1,2})\. ?([0-9]{1,2})\. ?([0-9]{4})$`)
	yearly  = regexp.MustCompile(`^([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})$`)
	clock   = regexp.MustCompile(`(?i)[ T,]+[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?( ?[ap]m)?(Z|[+-][0-9]{2}:?[0-9]{2})?$`)
)

// Day reads a cell as a calendar day and gives it as 2025-07-25. A time of day
// after it is passed over.
func (r Reading) Day(cell Cell) (string, error) {
	if cell.Kind == Date {
		return cell.Text, nil
	}
	text := strings.TrimSpace(clock.ReplaceAllString(cell.Text, ""))
	if cell.Kind == Broken {
		return "", fmt.Errorf("%q is not a date", cell.Text)
	}
	if m := yearly.FindStringSubmatch(text); m != nil {
		return day(m[1], m[2], m[3], cell.Text)
	}
	if m := dotted.FindStringSubmatch(text); m != nil {
		return day(m[3], m[2], m[1], cell.Text)
	}
	if m := slashed.FindStringSubmatch(text); m != nil {
		return r.slashed(m[1], m[2], m[3], cell.Text)
	}
	if day, ok := fromSerial(text, false); ok {
		return day, nil
	}
	return "", fmt.Errorf("%q is not a date such as 2025-07-25 or 25.07.2025", cell.Text)
}

// slashed reads 25/07/2025: Americans write the month first.
func (r Reading) slashed(first, second, year, text string) (string, error) {
	a, _ := strconv.Atoi(first)
	b, _ := strconv.Atoi(second)
	switch {
	case r.MonthFirst || !r.DayFirst && b > 12:
		return day(year, first, second, text)
	case r.DayFirst || a > 12 || a == b:
		return day(year, second, first, text)
	}
	return "", fmt.Errorf("%q could be in month %s or %s; say which comes first in the file (dates=day-first or dates=month-first)", text, first, second)
}

func day(year, month, date, text string) (string, error) {
	t, err := time.Parse("2006-1-2", year+"-"+strings.TrimLeft(month, "0")+"-"+strings.TrimLeft(date, "0"))
	if err != nil {
		return "", fmt.Errorf("%q is not a day of the calendar", text)
	}
	return t.Format(time.DateOnly), nil
}

// Serial days that can be dates of trade: 1927 to 2119. A larger or smaller
// number is something else in the wrong column.
const (
	serialFirst = 10_000
	serialLast  = 80_000
	days1904    = 1462 // from the epoch 1900 to the epoch 1904
)

// fromSerial turns a spreadsheet's day count into a date; its fraction is the time of day.
func fromSerial(text string, from1904 bool) (string, bool) {
	whole, fraction, _ := strings.Cut(text, ".")
	n, err := strconv.Atoi(whole)
	if err != nil || fraction != "" && !plainForm.MatchString(fraction) {
		return "", false
	}
	if from1904 {
		n += days1904
	}
	if n < serialFirst || n > serialLast {
		return "", false
	}
	return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n).Format(time.DateOnly), true
}

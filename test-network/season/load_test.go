package season_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/test-network/season"
)

// altered is the season with a text of one file replaced.
func altered(t *testing.T, name, old, text string) fs.FS {
	files := fstest.MapFS{}
	require.NoError(t, fs.WalkDir(season.Files(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(season.Files(), path)
		files[path] = &fstest.MapFile{Data: data}
		return err
	}))
	before := string(files[name].Data)
	require.Contains(t, before, old)
	files[name].Data = []byte(strings.Replace(before, old, text, 1))
	return files
}

// Whatever does not add up is refused, and the error says where.
func TestLoadSaysWhere(t *testing.T) {
	for _, c := range []struct{ name, file, old, text, message string }{
		{"a column", "tickets.csv", "gross kg", "gross", "tickets.csv, line 1: the columns are"},
		{"a sum", "tickets.csv", ",40500,15680,24820,", ",40500,15680,24840,", "tickets.csv, line 2: gross 40500 less tare 15680 is not net 24840"},
		{"a decimal comma", "tickets.csv", ",40500,", `,"40,5",`, `tickets.csv, line 2: gross kg: "40,5" is not a quantity`},
		{"a day", "tickets.csv", "2025-07-25 12:34", "2025-02-30 12:34", `date: "2025-02-30" is not a date`},
		{"a ticket twice", "tickets.csv", "DRI-25-00002", "DRI-25-00001", "tickets.csv, line 3: DRI-25-00001 stands twice"},
		{"a stranger", "tickets.csv", ",S-10,", ",S-99,", "S-99 does not deliver to elevator-driffield"},
		{"a missing field", "tickets.csv", ",S-10,wheat,", ",S-10,", "wrong number of fields"},
		{"a farm's area", "farms.csv", ",43.0,", ",53.0,", "farms.csv, line 2: statement VS-2025-F-001 is of Alder Hill Farm, 43 ha"},
		{"a statement", "farms.csv", "VS-2025-F-002", "VS-2025-F-999", "farms.csv, line 3: there is no statement VS-2025-F-999"},
		{"a site", "shipments.csv", "mill-newark", "mill-nowhere", "shipments.csv, line 2: to: there is no site mill-nowhere"},
		{"a set", "shipments.csv", "ukh1-typical=", "ukh1-tropical=", "there is no set of characteristics ukh1-tropical"},
		{"an arrival", "shipments.csv", "2025-07-23", "2025-07-20", "it arrived on 2025-07-20, before it left on 2025-07-21"},
		{"a date outside", "conversions.csv", "2025-07-24", "2026-07-24", "2026-07-24 is in none of the season's periods"},
		{"a recipe", "conversions.csv", ",milling,", ",grinding,", "conversions.csv, line 2: there is no recipe grinding"},
		{"an unknown member", "consortium.json", `"role"`, `"rôle"`, "consortium.json"},
		{"a field of nobody", "products.json", `"id"`, `"number"`, "products.json"},
		{"a document", "certificates/ACP-GB-2025-014.jws", ".", "", "certificates/ACP-GB-2025-014.jws"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := season.Load(altered(t, c.file, c.old, c.text))
			require.ErrorContains(t, err, c.message)
		})
	}
}

// A season that says what the rules forbid does not become a plan.
func TestPlanRefusesAnImpossibleSeason(t *testing.T) {
	for _, c := range []struct{ name, file, old, text, message string }{
		{"more flour than the recipe yields", "conversions.csv", "flour=", "flour=9", "conversion_exceeds"},
		{"more than was there", "shipments.csv", ",1006000,ukh1-typical=", ",9006000,ukh1-typical=", "insufficient_stock"},
		{"credit that nobody had", "shipments.csv", "ukh1-typical=623000", "uke1-typical=623000", "couldn't attribute 623000 kg of uke1-typical to wheat at elevator-ely"},
		{"a forged document", "statements/VS-2025-F-001.jws", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := altered(t, c.file, c.old, c.text)
			if c.message == "" {
				files, c.message = forged(t), "signature_invalid"
			}
			s, err := season.Load(files)
			require.NoError(t, err)
			_, err = season.NewPlan(s)
			require.ErrorContains(t, err, c.message)
		})
	}
}

// forged is the season with one statement under the signature of another.
func forged(t *testing.T) fs.FS {
	const first, second = "statements/VS-2025-F-001.jws", "statements/VS-2025-F-002.jws"
	read := func(name string) string {
		data, err := fs.ReadFile(season.Files(), name)
		require.NoError(t, err)
		return string(data)
	}
	cut := func(text string) string { return text[strings.LastIndex(text, "."):] }
	return altered(t, first, cut(read(first)), cut(read(second)))
}

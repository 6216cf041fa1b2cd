package settings_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/gateway/settings"
)

type sample struct {
	Name    string        `yaml:"name" required:"true" help:"a name"`
	Public  string        `yaml:"publicURL" help:"an address"`
	Wait    time.Duration `yaml:"wait" default:"30s" help:"how long"`
	Count   int           `yaml:"count" default:"3" help:"how many"`
	Strict  bool          `yaml:"strict" help:"whether"`
	Words   []string      `yaml:"words" help:"some words"`
	Unused  int           `yaml:"-"`
	Nested  nested        `yaml:"nested"`
	Regions []region      `yaml:"regions" help:"a list of regions"`
}

type nested struct {
	TLSCA string `yaml:"tlsCA" help:"a file"`
	PIN   string `yaml:"pin" secret:"true" help:"a secret"`
}

type region struct {
	Name string `yaml:"name"`
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func flags(t *testing.T, args ...string) *pflag.FlagSet {
	t.Helper()
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	settings.Declare(set, &sample{})
	require.NoError(t, set.Parse(args))
	return set
}

func TestNamesFollowFromThePath(t *testing.T) {
	names := map[string][2]string{}
	for _, f := range settings.Fields(&sample{}) {
		names[f.Path] = [2]string{f.Variable, f.Flag}
	}
	require.Equal(t, map[string][2]string{
		"name": {"WEIGHBRIDGE_NAME", "name"}, "publicURL": {"WEIGHBRIDGE_PUBLIC_URL", "public-url"},
		"wait": {"WEIGHBRIDGE_WAIT", "wait"}, "count": {"WEIGHBRIDGE_COUNT", "count"}, "strict": {"WEIGHBRIDGE_STRICT", "strict"},
		"words": {"WEIGHBRIDGE_WORDS", "words"}, "nested.tlsCA": {"WEIGHBRIDGE_NESTED_TLS_CA", "nested-tls-ca"},
		"nested.pin": {"WEIGHBRIDGE_NESTED_PIN", ""}, "regions": {"", ""},
	}, names)
}

func TestWhatComesFirstWins(t *testing.T) {
	path := file(t, "name: file\nwait: 1m\ncount: 4\nwords: [a, b]\nstrict: true\nregions: [{name: x}]\nnested:\n  pin: 1234\n")
	var c sample
	origins, err := settings.Read(&c, settings.Sources{
		File: path, Flags: flags(t, "--name", "flag", "--strict=false"),
		Environment: []string{"WEIGHBRIDGE_NAME=environment", "WEIGHBRIDGE_COUNT=5", "WEIGHBRIDGE_WORDS=c, d,", "NAME=other"},
	})
	require.NoError(t, err)
	require.Equal(t, sample{
		Name: "flag", Wait: time.Minute, Count: 5, Words: []string{"c", "d"},
		Nested: nested{PIN: "1234"}, Regions: []region{{"x"}},
	}, c)
	require.Equal(t, settings.Origins{
		"name": "flag --name", "publicURL": "default", "wait": path + " line 2", "count": "environment variable WEIGHBRIDGE_COUNT",
		"words": "environment variable WEIGHBRIDGE_WORDS", "strict": "flag --strict", "regions": path + " line 6",
		"nested.tlsCA": "default", "nested.pin": path + " line 8",
	}, origins)
}

func TestASecretMayLieInAFileAndIsNeverShown(t *testing.T) {
	secret := file(t, "s3cret\n")
	var c sample
	origins, err := settings.Read(&c, settings.Sources{Environment: []string{"WEIGHBRIDGE_NAME=n", "WEIGHBRIDGE_NESTED_PIN_FILE=" + secret}})
	require.NoError(t, err)
	require.Equal(t, "s3cret", c.Nested.PIN)
	var out bytes.Buffer
	require.NoError(t, settings.Print(&out, &c, origins))
	require.NotContains(t, out.String(), "s3cret")
	require.Regexp(t, `nested.pin +\(hidden\) +the file .* named by WEIGHBRIDGE_NESTED_PIN_FILE`, out.String())
	_, err = settings.Read(&sample{}, settings.Sources{Environment: []string{"WEIGHBRIDGE_NAME=n", "WEIGHBRIDGE_NESTED_PIN_FILE=/nonexistent"}})
	require.ErrorContains(t, err, "nested.pin: open /nonexistent")
}

func TestAllThatIsWrongIsSaidAtOnce(t *testing.T) {
	_, err := settings.Read(&sample{}, settings.Sources{Environment: []string{
		"WEIGHBRIDGE_WAIT=long", "WEIGHBRIDGE_COUNT=1.5", "WEIGHBRIDGE_STRICT=maybe"}})
	for _, want := range []string{
		"name: is missing; set it as WEIGHBRIDGE_NAME or as --name",
		`wait: "long" is not a duration such as 30s or 12h (from environment variable WEIGHBRIDGE_WAIT)`,
		`count: "1.5" is not an integer (from environment variable WEIGHBRIDGE_COUNT)`,
		`strict: "maybe" is neither true nor false`,
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = settings.Read(&sample{}, settings.Sources{File: file(t, "wait: 5 parsecs")})
	require.ErrorContains(t, err, "line 1")
	_, err = settings.Read(&sample{}, settings.Sources{File: file(t, "nested: {tlsca: x}")})
	require.ErrorContains(t, err, "field tlsca not found")
}

func TestUnknownVariablesAreNamed(t *testing.T) {
	require.Equal(t, []string{"WEIGHBRIDGE_NAMES", "WEIGHBRIDGE_NAME_FILE"}, settings.Unknown(&sample{}, []string{
		"WEIGHBRIDGE_NAMES=x", "WEIGHBRIDGE_NAME=x", "WEIGHBRIDGE_NAME_FILE=x", "WEIGHBRIDGE_NESTED_PIN_FILE=x", "WEIGHBRIDGE_TOKEN=x", "PATH=y"}, "WEIGHBRIDGE_TOKEN"))
}

func TestTheTableHasEverySetting(t *testing.T) {
	table := settings.Table(&sample{})
	require.Contains(t, table, "| `wait` | `WEIGHBRIDGE_WAIT` | `--wait` | duration | `30s` | how long |\n")
	require.Contains(t, table, "| `nested.pin` | `WEIGHBRIDGE_NESTED_PIN` | – | text, secret | – | a secret |\n")
	require.Contains(t, table, "| `name` | `WEIGHBRIDGE_NAME` | `--name` | text | **required** | a name |\n")
	require.Contains(t, table, "| `regions` | – | – | structure | – | a list of regions |\n")
}

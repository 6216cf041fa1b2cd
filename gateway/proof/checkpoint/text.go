package checkpoint

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Text is what a checkpoint says and organisations sign.
type Text struct {
	// Origin names the consortium's log; see Origin.
	Origin string
	// Size is how many records the log has, Root the hash of its tree.
	Size int64
	Root tlog.Hash
	// Registered is how many keys the register has, Register the hash of its tree.
	Registered int64
	Register   tlog.Hash
}

// Origin names the log of a consortium after block 0 of its channel, which says
// who the members were and by what rules the channel goes on.
func Origin(genesis [32]byte) string { return fmt.Sprintf("weighbridge/%x", genesis[:16]) }

// most bounds the sizes that a checkpoint may name. Nobody has such a log; beyond
// 2^62 leaves package tlog never ends looking for where a tree parts.
const most = 1 << 48

var errText = errors.New("it is not a checkpoint of five lines: origin, size, root, register and its root")

// String gives the body of a checkpoint (C2SP tlog-checkpoint): origin, size and
// root, and one extension line for the register.
func (t Text) String() string {
	return fmt.Sprintf("%s\n%d\n%s\nregister %d %s\n", t.Origin, t.Size, t.Root, t.Registered, t.Register)
}

// ParseText reads what String gives and nothing else.
func ParseText(text string) (t Text, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 5 || lines[4] != "" {
		return t, errText
	}
	t.Origin = lines[0]
	extension := strings.Split(lines[3], " ")
	if len(extension) != 3 || extension[0] != "register" {
		return t, errText
	}
	if t.Size, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return t, errText
	}
	if t.Registered, err = strconv.ParseInt(extension[1], 10, 64); err != nil {
		return t, errText
	}
	if t.Root, err = parseHash(lines[2]); err != nil {
		return t, err
	}
	if t.Register, err = parseHash(extension[2]); err != nil {
		return t, err
	}
	if t.Origin == "" || t.Size < 0 || t.Registered < 0 || t.String() != text {
		return t, errText
	}
	if t.Size > most || t.Registered > most {
		return t, fmt.Errorf("it names %d records and %d keys, more than %d", t.Size, t.Registered, int64(most))
	}
	return t, nil
}

func parseHash(text string) (h tlog.Hash, err error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != len(h) {
		return h, errText
	}
	copy(h[:], raw)
	return h, nil
}

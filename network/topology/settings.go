package topology

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Blocks says when a block ends: when its first transaction has waited for the interval, or when so many transactions or
// bytes are in it. It's part of the channel's genesis block.
type Blocks struct {
	Interval     time.Duration `yaml:"interval"`
	Transactions int           `yaml:"transactions"`
	Bytes        int           `yaml:"bytes"`
}

// DefaultBlocks are those of a file that says nothing of them. What was measured is in docs/performance.md.
var DefaultBlocks = Blocks{Interval: 100 * time.Millisecond, Transactions: 100, Bytes: 2 << 20}

func (b Blocks) withDefaults() Blocks {
	if b.Interval == 0 {
		b.Interval = DefaultBlocks.Interval
	}
	if b.Transactions == 0 {
		b.Transactions = DefaultBlocks.Transactions
	}
	if b.Bytes == 0 {
		b.Bytes = DefaultBlocks.Bytes
	}
	return b
}

// What SmartBFT was seen to work with: blocks of ten provoked view changes, and 10 MB is the most that a block may have.
const (
	shortestInterval   = 10 * time.Millisecond
	longestInterval    = 5 * time.Second
	fewestTransactions = 20
	mostTransactions   = 10_000
	fewestBytes        = 64 << 10
	mostBytes          = 10 << 20
)

func (b Blocks) validate() error {
	switch {
	case b.Interval < shortestInterval || b.Interval > longestInterval:
		return fmt.Errorf("interval of blocks is %s, not between %s and %s", b.Interval, shortestInterval, longestInterval)
	case b.Transactions < fewestTransactions || b.Transactions > mostTransactions:
		return fmt.Errorf("transactions of a block are %d, not between %d and %d", b.Transactions, fewestTransactions, mostTransactions)
	case b.Bytes < fewestBytes || b.Bytes > mostBytes:
		return fmt.Errorf("bytes of a block are %d, not between %d and %d", b.Bytes, fewestBytes, mostBytes)
	}
	return nil
}

// Endorsement is how the chaincode's endorsement policy is written.
type Endorsement string

const (
	// SignatureEndorsement names the peers of the trading organisations, of which a majority is needed. It's the default.
	SignatureEndorsement Endorsement = "signature"
	// ImplicitEndorsement is Fabric's own default, MAJORITY Endorsement of the channel. It's there to be measured: it counts
	// every member of the channel, certification bodies too.
	ImplicitEndorsement Endorsement = "implicit"
)

// ChannelEndorsementPolicy is the channel's policy that ImplicitEndorsement refers to.
const ChannelEndorsementPolicy = "/Channel/Application/Endorsement"

// Environment has variables by the kind of process that gets them. They come after those that network itself sets, and take
// effect when a process starts.
type Environment map[Kind]map[string]string

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (e Environment) validate() error {
	kinds := []Kind{KindPeer, KindOrderer, KindGateway, KindChaincode}
	for kind, variables := range e {
		if !slices.Contains(kinds, kind) {
			return fmt.Errorf("environment of %q: there are only %v", kind, kinds)
		}
		for name, value := range variables {
			if !variableName.MatchString(name) || strings.ContainsAny(value, "\n\x00") {
				return fmt.Errorf("environment of %s: %s=%q can't be set", kind, name, value)
			}
		}
	}
	return nil
}

// Variables are those of a kind of process as NAME=value, sorted.
func (c Consortium) Variables(kind Kind) []string {
	var variables []string
	for _, name := range slices.Sorted(maps.Keys(c.Environment[kind])) {
		variables = append(variables, name+"="+c.Environment[kind][name])
	}
	return variables
}

package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"

	"github.com/weighbridge/weighbridge/gateway/audit"
	"github.com/weighbridge/weighbridge/gateway/audit/blockfile"
	"github.com/weighbridge/weighbridge/gateway/audit/chain"
	"github.com/weighbridge/weighbridge/gateway/replay"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

// exitUnsound is the exit code of an audit that found something, or did not come
// to the end of the chain. An audit that could not be made at all ends with 1.
const exitUnsound = 2

var errUnsound = errors.New("the chain is not sound")

type auditFlags struct {
	blocks, genesis, chaincode, state, report string
	rulesOnly                                 bool
	recountEvery                              uint64
}

func auditCommand() *cobra.Command {
	var f auditFlags
	c := &cobra.Command{
		Use: "audit --genesis FILE|HASH (--blocks DIR | --config FILE)", Args: cobra.NoArgs,
		Short: "Check a whole channel from block 0, trusting its genesis block alone",
		Long: "Audit checks the chain (hashes, the orderers' quorum, configurations, signatures, endorsement policies, read versions),\n" +
			"executes every valid transaction again with the rules, and recounts conservation. It ends with 0 if everything was\n" +
			"checked and nothing found, with 2 if something was found or the chain breaks off, with 1 if it could not be done.",
		Example: "  gateway audit --genesis genesis.block --blocks peer/data/ledgersData/chains/chains/weighbridge\n" +
			"  gateway audit --genesis 3f1c…90 --config gateway.yaml --report audit.json",
	}
	read := configured(c)
	flags := c.Flags()
	flags.StringVar(&f.blocks, "blocks", "", "`directory` of a peer's block files; no peer is asked")
	// The settings have a genesis block and a chaincode, too; the flags are theirs.
	flags.StringVar(&f.state, "state", "", "`directory` for what the audit builds up, which is left there; by default a temporary one")
	flags.StringVar(&f.report, "report", "", "`file` to write the report to as JSON; - is the standard output")
	flags.BoolVar(&f.rulesOnly, "rules-only", false, "believe the peer's flags and only execute and recount")
	flags.Uint64Var(&f.recountEvery, "recount-every", 10_000, "recount after so `many` blocks as well as at the end")
	c.RunE = func(c *cobra.Command, _ []string) error {
		config, _, err := read()
		if err != nil && f.blocks == "" {
			return fmt.Errorf("couldn't use the configuration: %w", err)
		}
		f.genesis, f.chaincode = config.Genesis, config.Chaincode
		return f.run(c, config)
	}
	return c
}

func (f auditFlags) run(c *cobra.Command, config config) (err error) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // an audit makes garbage all the time and keeps little
	}
	anchor, err := readAnchor(f.genesis)
	if err != nil {
		return err
	}
	if anchor == ([32]byte{}) {
		return errors.New("couldn't audit: --genesis is needed, the trusted genesis block or its header's hash; everything rests on it")
	}
	source, closeSource, err := f.source(c.Context(), config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeSource()) }()
	out := c.ErrOrStderr()
	report, err := audit.Run(c.Context(), audit.Options{
		Source: source, Genesis: anchor, Chaincode: f.chaincode, Dir: f.state, RulesOnly: f.rulesOnly, RecountEvery: f.recountEvery,
		Progress: func(r audit.Report) { fmt.Fprintln(out, progressLine(r)) },
		Found:    func(found replay.Finding) { fmt.Fprintln(out, findingLine(found)) },
	})
	if err != nil {
		return fmt.Errorf("couldn't audit: %w", err)
	}
	if err := f.write(c.OutOrStdout(), report); err != nil {
		return err
	}
	if !report.Sound() {
		return errUnsound
	}
	return nil
}

// source opens what the blocks come from.
func (f auditFlags) source(ctx context.Context, config config) (audit.Source, func() error, error) {
	if f.blocks != "" {
		reader, err := blockfile.Open(f.blocks)
		if err != nil {
			return nil, nil, err
		}
		return audit.Files(reader), reader.Close, nil
	}
	p := &process{config: config, metrics: prometheus.NewRegistry()}
	client, err := submit.Dial(p.dialOptions())
	if err != nil {
		return nil, nil, err
	}
	finish := func() error { return client.Close(context.WithoutCancel(ctx)) }
	height, err := client.Height(ctx)
	if err != nil {
		return nil, nil, errors.Join(err, finish())
	}
	return audit.Peer(client.Network(), height), finish, nil
}

// readAnchor reads the hash of the trusted genesis block's header: from the
// block's file, or as 64 hexadecimal digits. "" gives none.
func readAnchor(genesis string) (anchor [32]byte, err error) {
	if genesis == "" {
		return anchor, nil
	}
	if decoded, err := hex.DecodeString(genesis); err == nil && len(decoded) == len(anchor) {
		return [32]byte(decoded), nil
	}
	data, err := os.ReadFile(genesis)
	if err != nil {
		return anchor, fmt.Errorf("couldn't read the genesis block: %w", err)
	}
	var block common.Block
	if err := proto.Unmarshal(data, &block); err != nil || block.GetHeader() == nil {
		return anchor, fmt.Errorf("couldn't read the genesis block: %s holds no block", genesis)
	}
	return chain.GenesisHash(&block), nil
}

// write writes the report, for people and for programs.
func (f auditFlags) write(out io.Writer, r audit.Report) error {
	if f.report == "-" {
		return writeReport(out, r)
	}
	fmt.Fprint(out, reportText(r))
	if f.report == "" {
		return nil
	}
	file, err := os.Create(f.report)
	if err != nil {
		return fmt.Errorf("couldn't write the report: %w", err)
	}
	return errors.Join(writeReport(file, r), file.Close())
}

func writeReport(out io.Writer, r audit.Report) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return fmt.Errorf("couldn't write the report: %w", err)
	}
	return nil
}

func progressLine(r audit.Report) string {
	line := fmt.Sprintf("%6.1f s  %d blocks, %d transactions (%.0f/s), %d commands (%.0f/s)", r.Seconds, r.Blocks, r.Transactions,
		float64(r.Transactions)/r.Seconds, r.Commands, float64(r.Commands)/r.Seconds)
	if r.ChainChecked {
		line += fmt.Sprintf(", %d signatures (%.0f/s)", r.Signatures, float64(r.Signatures)/r.Seconds)
	}
	if len(r.Findings) > 0 {
		line += fmt.Sprintf(", %d findings", len(r.Findings))
	}
	return line
}

func findingLine(f replay.Finding) string {
	return fmt.Sprintf("FOUND %s in block %d, transaction %q, key %q: expected %s, found %s", f.Problem, f.Block, f.Transaction, f.Key,
		shorten(f.Expected), shorten(f.Found))
}

// shorten keeps a finding on a screen; the report has all of it.
func shorten(text string) string {
	text = strings.ToValidUTF8(text, "�")
	if len(text) > 300 {
		return strings.ToValidUTF8(text[:300], "") + "…"
	}
	return text
}

// reportText says what was checked and what was found, the first finding whole.
func reportText(r audit.Report) string {
	var out strings.Builder
	fmt.Fprintf(&out, "blocks        0 to %d, genesis %s\n", max(r.Blocks, 1)-1, r.Genesis)
	fmt.Fprintf(&out, "head          %s\n", r.Head)
	fmt.Fprintf(&out, "transactions  %d, of which %d are valid\n", r.Transactions, r.Valid)
	fmt.Fprintf(&out, "commands      %d, of which %d were accepted and recorded\n", r.Commands, r.Records)
	if r.ChainChecked {
		fmt.Fprintf(&out, "signatures    %d verified\n", r.Signatures)
	} else {
		fmt.Fprintln(&out, "signatures    NOT CHECKED: the peer's flags were believed")
	}
	if r.Stopped != "" {
		fmt.Fprintf(&out, "STOPPED       %s\n", r.Stopped)
	}
	if len(r.Findings) == 0 {
		fmt.Fprintln(&out, "findings      none")
		return out.String()
	}
	first := r.Findings[0]
	fmt.Fprintf(&out, "findings      %d, the first of them:\n  problem      %s\n  block        %d\n  transaction  %s\n  key          %s\n  expected     %s\n  found        %s\n",
		len(r.Findings), first.Problem, first.Block, first.Transaction, first.Key,
		strings.ToValidUTF8(first.Expected, "�"), strings.ToValidUTF8(first.Found, "�"))
	return out.String()
}

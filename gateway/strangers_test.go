package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
)

// members are those of the season's ledger.
var members = []massbalance.OrganisationID{ledgertest.Growers, ledgertest.Miller, ledgertest.Manufacturer, ledgertest.Brand, ledgertest.Certifier}

// anybodys are the types of command that any trading member may send: a voice
// for what a majority decides, a document that somebody else signed, a site or
// an offer of the sender's own, and a recall's trace, which owners must not be able to prevent.
var anybodys = []string{
	"adopt_finding", "adopt_rules", "make_offer", "publish_certificate", "publish_credit_audit", "publish_finding", "publish_standing", "publish_statement",
	"register_baseline", "register_certifier", "register_cosigner", "register_organisation", "register_product", "register_profile", "register_recipe",
	"register_site", "remove_organisation", "trace_recall",
}

// state is what the ledger holds, as a copy.
func (c *consortium) state() massbalance.Memory {
	state := massbalance.Memory{}
	for _, b := range c.Blocks() {
		for _, tx := range b.Transactions {
			state.Apply(tx.Writes)
		}
	}
	return state
}

// byStrangers plays the interface's story of examples, and has each command
// tried by every member that does not send it in the story. It gives what became
// of that, by type of command.
func byStrangers(t *testing.T) map[string]map[massbalance.Code]bool {
	t.Helper()
	content, err := os.ReadFile("api/examples.json")
	require.NoError(t, err)
	var story []struct {
		By      []massbalance.OrganisationID
		Command json.RawMessage
	}
	require.NoError(t, json.Unmarshal(content, &story))
	c := newConsortium(t)
	codes := map[string]map[massbalance.Code]bool{}
	for _, step := range story {
		command, err := wire.Decode[massbalance.Command](step.Command)
		require.NoError(t, err)
		if command.Body.Type() == (massbalance.FoundConsortium{}).Type() {
			continue // the season founded it
		}
		require.NoError(t, wire.Seal(&command))
		for _, stranger := range members {
			if slices.Contains(step.By, stranger) {
				continue
			}
			batch, err := massbalance.ExecuteBatch(c.state(), massbalance.Tx{ID: "try", Organisation: stranger}, []massbalance.Command{command})
			require.NoError(t, err)
			if codes[command.Body.Type()] == nil {
				codes[command.Body.Type()] = map[massbalance.Code]bool{}
			}
			codes[command.Body.Type()][batch.Results[0].Code] = true
		}
		for _, by := range step.By {
			c.Must(by, command)
		}
	}
	return codes
}

// Nobody moves what is not theirs. The table of docs/access.md is what the rules
// say to whoever is not the one whom a command is for. To make it anew:
// go test ./gateway -run WhatStrangersMayDo -update
func TestWhatStrangersMayDoIsDocumented(t *testing.T) {
	var b strings.Builder
	b.WriteString("| command | sent by another member |\n|---|---|\n")
	codes := byStrangers(t)
	for kind, said := range codes {
		require.True(t, !said[massbalance.Accepted] || slices.Contains(anybodys, kind), "%s is taken from anybody", kind)
	}
	for _, kind := range slices.Sorted(maps.Keys(codes)) {
		fmt.Fprintf(&b, "| `%s` | %s |\n", kind, strings.Join(slices.Sorted(func(yield func(string) bool) {
			for code := range codes[kind] {
				if !yield("`" + string(code) + "`") {
					return
				}
			}
		}), ", "))
	}
	documented(t, "../docs/access.md", "strangers", b.String())
}

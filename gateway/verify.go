package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
	"github.com/weighbridge/weighbridge/gateway/proof/verify"
)

func verifyCommand() *cobra.Command {
	trustFile := ""
	c := &cobra.Command{
		Use: "verify BUNDLE", Short: "Check a claim bundle, without a network and without a ledger", Args: cobra.ExactArgs(1),
		Long: "Check a claim bundle: signatures, inclusion in the log, and every record executed again by the rules.\nIt ends with an error where anything is wrong, and where the claim was reversed or recalled.",
		RunE: func(c *cobra.Command, args []string) error {
			file, err := os.ReadFile(args[0])
			if err != nil {
				return fmt.Errorf("couldn't read the bundle: %w", err)
			}
			data, err := os.ReadFile(trustFile)
			if err != nil {
				return fmt.Errorf("couldn't read the trust file: %w", err)
			}
			trust, err := checkpoint.ParseTrust(data)
			if err != nil {
				return err
			}
			return printVerified(c.OutOrStdout(), file, trust)
		},
	}
	c.Flags().StringVar(&trustFile, "trust", "consortium.json", "the organisations that you trust, with their keys of the log")
	return c
}

// errDoesNotStand says that what was claimed does not hold any more.
var errDoesNotStand = errors.New("the bundle is genuine, and the claim does not stand")

func printVerified(out io.Writer, file []byte, trust checkpoint.Trust) error {
	started := time.Now()
	s, err := verify.File(file, trust)
	if err != nil {
		return fmt.Errorf("NOT VERIFIED: %w", err)
	}
	fmt.Fprintf(out, "%s (%d bytes, %d records executed again, in %s)\n", s.Heading(), len(file), s.Executed, time.Since(started).Round(time.Millisecond))
	for _, section := range s.Words() {
		fmt.Fprintf(out, "\n%s\n", section.Title)
		for _, line := range section.Lines {
			fmt.Fprintf(out, "  %s\n", line)
		}
	}
	if !s.Stands() {
		return errDoesNotStand
	}
	return nil
}

func trustCommand() *cobra.Command {
	var gateways []string
	threshold := 0
	c := &cobra.Command{
		Use: "trust --gateway URL...", Short: "Write a trust file from what organisations' own gateways say of their keys", Args: cobra.NoArgs,
		Long: "Ask each organisation's own gateway for its key of the log and write them down as a trust file.\n" +
			"The file is worth what the way is worth on which the keys came: compare them with the organisations, over the telephone or on paper.",
		RunE: func(c *cobra.Command, _ []string) error {
			trust, err := askTrust(c.Context(), gateways, threshold)
			if err != nil {
				return err
			}
			data, err := trust.Format()
			if err != nil {
				return err
			}
			_, err = c.OutOrStdout().Write(data)
			return err
		},
	}
	c.Flags().StringSliceVar(&gateways, "gateway", nil, "address of an organisation's gateway; once for each")
	c.Flags().IntVar(&threshold, "threshold", 0, "how many must vouch; a majority if not given")
	if err := c.MarkFlagRequired("gateway"); err != nil {
		panic(err) // the flag was defined two lines above
	}
	return c
}

// announced is what a gateway says of its key.
type announced struct {
	Organisation massbalance.OrganisationID `json:"organisation"`
	Name         string                     `json:"name"`
	Origin       string                     `json:"origin"`
	Registered   string                     `json:"registered"`
}

func askTrust(ctx context.Context, gateways []string, threshold int) (checkpoint.Trust, error) {
	trust := checkpoint.Trust{Threshold: threshold}
	if threshold == 0 {
		trust.Threshold = len(gateways)/2 + 1
	}
	for _, address := range gateways {
		said, err := askKey(ctx, strings.TrimSuffix(address, "/")+"/api/v1/log/key")
		switch {
		case err != nil:
			return trust, err
		case said.Registered == "":
			return trust, fmt.Errorf("couldn't take the key of %s: the ledger has none for it yet", said.Organisation)
		case trust.Origin != "" && trust.Origin != said.Origin:
			return trust, fmt.Errorf("couldn't take the key of %s: its log is %s, that of the others %s", said.Organisation, said.Origin, trust.Origin)
		}
		trust.Origin = said.Origin
		trust.Organisations = append(trust.Organisations, checkpoint.Organisation{Organisation: said.Organisation, Name: said.Name, Keys: []string{said.Registered}})
	}
	data, err := trust.Format()
	if err != nil {
		return trust, err
	}
	return checkpoint.ParseTrust(data)
}

func askKey(ctx context.Context, url string) (said announced, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return said, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return said, fmt.Errorf("couldn't ask for a key: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return said, fmt.Errorf("couldn't ask for a key: %s answered %s", url, response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(&said); err != nil {
		return said, fmt.Errorf("couldn't read the key that %s gave: %w", url, err)
	}
	return said, nil
}

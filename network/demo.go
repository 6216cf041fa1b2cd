package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/network/consortium"
	"github.com/weighbridge/weighbridge/network/topology"
	"github.com/weighbridge/weighbridge/test-network/season"
)

func demoCommand(options *consortium.Options) *cobra.Command {
	browser := true
	command := &cobra.Command{
		Use: "demo", Short: "Bring the network up, take a season through it, and leave it open in the browser", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			network, err := consortium.Up(command.Context(), *options)
			if err != nil {
				return err
			}
			defer network.Close()
			gateways, tokens := map[string]string{}, map[string]string{}
			for _, organisation := range network.Consortium.Organisations {
				gateways[organisation.ID] = network.GatewayURL(organisation.ID)
				if tokens[organisation.ID], err = network.GatewayToken(organisation.ID); err != nil {
					return err
				}
			}
			report, err := season.Run(command.Context(), season.Options{Gateways: gateways, Tokens: tokens, Out: os.Stdout})
			if err != nil && !errors.Is(err, season.ErrNotSound) {
				return fmt.Errorf("couldn't take the season through the network, which is left running: %w", err)
			}
			fmt.Println()
			if len(report.Claims) > 0 && err == nil {
				if err := proveClaim(command.Context(), network, season.Options{Gateways: gateways, Tokens: tokens}, string(report.Claims[0].Claim.ID), network.Layout.Root); err != nil {
					return err
				}
			}
			if err := errors.Join(err, printRefused(command.Context(), network), printReady(network, options)); err != nil {
				return err
			}
			fmt.Println("It stays up. `go run ./network status` shows it, `go run ./network down` stops it.")
			if browser {
				return openConsole(command.Context(), network, "miller")
			}
			return nil
		},
	}
	command.Flags().BoolVar(&browser, "browser", true, "open the miller's console in the browser, where there is one")
	return command
}

// printRefused has the orderers asked themselves: a gateway that sends nothing
// for a certification body is a courtesy, the channel's policy is what holds.
func printRefused(ctx context.Context, network *consortium.Network) error {
	for _, organisation := range network.Consortium.Organisations {
		if organisation.Role != topology.Certification {
			continue
		}
		administrator, err := network.Administrator(organisation.ID)
		if err != nil {
			return err
		}
		if err := administrator.CheckRefused(ctx); err != nil {
			return fmt.Errorf("couldn't see %s refused: %w", organisation.Name, err)
		}
		fmt.Printf("Sent to the orderers around its gateway, transactions of %s are refused by all %d of them (FORBIDDEN).\n\n",
			organisation.Name, len(network.Consortium.OrdererNodes()))
	}
	return nil
}

// openConsole shows an organisation's console to somebody who is signed in already.
func openConsole(ctx context.Context, network *consortium.Network, organisation string) error {
	if !desktop() {
		return nil
	}
	link, err := network.SignInLink(ctx, organisation)
	if err == nil {
		openBrowser(link)
	}
	return err
}

// opener is what opens a browser, or "".
func opener() string {
	return map[string]string{"linux": "xdg-open", "darwin": "open"}[runtime.GOOS]
}

// desktop reports whether there is one. That there is none, on a server or over SSH, is no error: the address is printed.
func desktop() bool {
	return opener() != "" && (runtime.GOOS != "linux" || os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != "")
}

// openBrowser shows an address.
func openBrowser(url string) {
	command := exec.Command(opener(), url)
	if err := command.Start(); err != nil {
		fmt.Printf("Couldn't open the browser (%v).\n", err)
		return
	}
	_ = command.Process.Release() // the browser outlives the demo
}

func signInCommand(options *consortium.Options) *cobra.Command {
	return &cobra.Command{
		Use: "sign-in ORGANISATION", Short: "Print a link that signs a browser in at an organisation's console, once and within ten minutes", Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			network, err := consortium.Open(*options)
			if err != nil {
				return err
			}
			defer network.Close()
			link, err := network.SignInLink(command.Context(), arguments[0])
			if err == nil {
				fmt.Println(link)
			}
			return err
		},
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/network/consortium"
	"github.com/weighbridge/weighbridge/network/process"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := root().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "network:", err)
		os.Exit(1)
	}
}

func root() *cobra.Command {
	options := &consortium.Options{Progress: os.Stdout}
	command := &cobra.Command{
		Use: "network", Short: "Run a Weighbridge consortium on this machine",
		SilenceErrors: true, SilenceUsage: true,
	}
	flags := command.PersistentFlags()
	flags.StringVar(&options.State, "state", "", "`folder` for everything the network writes (default .weighbridge in the repository)")
	flags.StringVar(&options.Consortium, "consortium", "", "`file` with the topology (default test-network/consortium.yaml)")
	flags.IntVar(&options.PortOffset, "port-offset", 0, "`number` added to every port; remembered in the state folder")
	command.AddCommand(upCommand(options), downCommand(options), statusCommand(options), logsCommand(options), deployCommand(options), demoCommand(options), signInCommand(options))
	return command
}

func upCommand(options *consortium.Options) *cobra.Command {
	command := &cobra.Command{
		Use: "up", Short: "Start the network, or resume it with its data", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			network, err := consortium.Up(command.Context(), *options)
			if err != nil {
				return err
			}
			defer network.Close()
			return printReady(network, options)
		},
	}
	command.Flags().BoolVar(&options.WithoutGateways, "without-gateways", false, "start peers and orderers only")
	command.Flags().StringVar(&options.ChaincodePackage, "chaincode", "", "`package` of another chaincode, for trying the network out")
	for _, name := range []string{"without-gateways", "chaincode"} {
		if err := command.Flags().MarkHidden(name); err != nil {
			panic(err) // only if the flag above is misspelt
		}
	}
	return command
}

func printReady(network *consortium.Network, options *consortium.Options) error {
	fmt.Println("The network is up.")
	if options.WithoutGateways {
		return nil
	}
	for _, organisation := range network.Consortium.Organisations {
		if url := network.GatewayURL(organisation.ID); url != "" {
			fmt.Printf("  %-24s %-24s go run ./network sign-in %s\n", organisation.Name, url, organisation.ID)
		}
	}
	fmt.Println("The command behind each console prints a link that signs you in there, once and within ten minutes.")
	return nil
}

func downCommand(options *consortium.Options) *cobra.Command {
	wipe := false
	command := &cobra.Command{
		Use: "down", Short: "Stop the network; its data stays unless --wipe is given", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if wipe {
				return consortium.Wipe(command.Context(), *options)
			}
			return consortium.Down(command.Context(), *options)
		},
	}
	command.Flags().BoolVar(&wipe, "wipe", false, "also remove the state folder with all data and identities")
	return command
}

func deployCommand(options *consortium.Options) *cobra.Command {
	command := &cobra.Command{
		Use: "deploy", Short: "Upgrade the chaincode of the running network to the working tree's", Args: cobra.NoArgs,
		Example: "  network deploy\n  network deploy --beside baseline --chaincode ./test-network/baseline",
		RunE: func(command *cobra.Command, _ []string) error {
			return consortium.Deploy(command.Context(), *options)
		},
	}
	command.Flags().StringVar(&options.ChaincodePackage, "chaincode", "", "`package` of another chaincode")
	command.Flags().StringVar(&options.FurtherChaincode, "beside", "", "deploy it beside the consortium's own, under this `name` and the same policy")
	return command
}

func statusCommand(options *consortium.Options) *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Show every node", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			network, err := consortium.Open(*options)
			if errors.Is(err, consortium.ErrNoNetwork) {
				fmt.Println(err)
				return nil
			}
			if err != nil {
				return err
			}
			defer network.Close()
			statuses, err := network.Status(command.Context())
			if err != nil {
				return err
			}
			return printStatus(statuses)
		},
	}
}

func printStatus(statuses []consortium.NodeStatus) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NODE\tPID\tADDRESS\tSTATE\tHEIGHT\tMEMORY")
	var total int64
	for _, status := range statuses {
		pid, height, memory := "-", "", ""
		if status.PID != 0 {
			pid, memory = fmt.Sprint(status.PID), megabytes(status.ResidentBytes)
		}
		if status.Height != 0 {
			height = fmt.Sprint(status.Height)
		}
		total += status.ResidentBytes
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", status.Name, pid, status.Address, status.State, height, memory)
	}
	fmt.Fprintf(table, "\t\t\t\t\t%s\n", megabytes(total))
	return table.Flush()
}

func megabytes(bytes int64) string { return fmt.Sprintf("%d MB", bytes>>20) }

func logsCommand(options *consortium.Options) *cobra.Command {
	follow := false
	command := &cobra.Command{
		Use: "logs NODE", Short: "Print the log of a node, such as peer.growers", Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			network, err := consortium.Open(*options)
			if err != nil {
				return err
			}
			defer network.Close()
			log, err := network.Log(arguments[0])
			if err != nil {
				return err
			}
			return process.CopyLog(command.Context(), log, follow, os.Stdout)
		},
	}
	command.Flags().BoolVarP(&follow, "follow", "f", false, "go on as the log grows, until interrupted")
	return command
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/gateway/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gateway:", err)
		var exit *cli.Exit
		if errors.As(err, &exit) {
			os.Exit(exit.Code)
		}
		if errors.Is(err, errUnsound) {
			os.Exit(exitUnsound)
		}
		os.Exit(1)
	}
}

// command is the command line. Later commands (verify, import) stand beside serve.
func command() *cobra.Command {
	root := &cobra.Command{
		Use: "gateway", Short: "What one organisation of the consortium runs beside its peer",
		Version: version(), SilenceUsage: true, SilenceErrors: true,
	}
	root.AddCommand(cli.Commands()...)
	root.AddCommand(serveCommand(), verifyCommand(), trustCommand(), configCommand(), accountsCommand(), benchCommand(), auditCommand())
	root.AddCommand(backupCommand(), restoreCommand())
	return root
}

func serveCommand() *cobra.Command {
	c := &cobra.Command{Use: "serve", Short: "Follow the chain, take commands and answer reads", Args: cobra.NoArgs}
	read := configured(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		config, _, err := read()
		if err != nil {
			return fmt.Errorf("couldn't use the configuration: %w", err)
		}
		log := config.Log.open(c.ErrOrStderr()).With("organisation", config.Organisation)
		for _, name := range unknownVariables() {
			log.Warn("no setting is named by an environment variable", "variable", name)
		}
		for _, warning := range config.warnings() {
			log.Info("the settings will do, but", "warning", warning)
		}
		return serve(c.Context(), config, log)
	}
	return c
}

// version is what the build knows of itself.
func version() string {
	text := buildVersion()
	if revision, modified := buildInfo(); revision != "unknown" {
		text += " " + revision
		if modified == "true" {
			text += " with changes"
		}
	}
	return text + " " + goVersion()
}

// release may be set by whoever builds: -ldflags "-X main.release=1.2.3".
var release = ""

func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	switch {
	case release != "":
		return release
	case ok:
		return info.Main.Version
	}
	return "unknown"
}

func goVersion() string { return runtime.Version() }

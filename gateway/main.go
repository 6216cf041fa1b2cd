package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gateway:", err)
		os.Exit(1)
	}
}

// command is the command line. Later commands (audit, verify, import) stand
// beside serve.
func command() *cobra.Command {
	root := &cobra.Command{
		Use: "gateway", Short: "What one organisation of the consortium runs beside its peer",
		Version: version(), SilenceUsage: true, SilenceErrors: true,
	}
	root.AddCommand(serveCommand())
	return root
}

func serveCommand() *cobra.Command {
	var path string
	var verbose bool
	c := &cobra.Command{
		Use: "serve --config FILE", Short: "Follow the chain, take commands and answer reads", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			config, err := readConfig(path)
			if err != nil {
				return err
			}
			level := slog.LevelInfo
			if verbose {
				level = slog.LevelDebug
			}
			log := slog.New(slog.NewTextHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: level}))
			return serve(c.Context(), config, log.With("organisation", config.Organisation))
		},
	}
	c.Flags().StringVar(&path, "config", "", "the gateway's configuration (YAML)")
	c.Flags().BoolVar(&verbose, "verbose", false, "log every request")
	if err := c.MarkFlagRequired("config"); err != nil {
		panic(err) // the flag was defined two lines above
	}
	return c
}

// version is what the build knows of itself.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	revision := ""
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			revision = " " + s.Value
		}
	}
	return info.Main.Version + revision + " " + info.GoVersion
}

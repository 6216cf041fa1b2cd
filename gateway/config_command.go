package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/gateway/settings"
)

// configured gives a command the flags of every setting and --config, and a
// function that reads them all.
func configured(c *cobra.Command) func() (config, settings.Origins, error) {
	var file string
	c.Flags().StringVar(&file, "config", "", "file with the settings (YAML); "+configVariable+" names it, too")
	settings.Declare(c.Flags(), &config{})
	return func() (config, settings.Origins, error) {
		if file == "" {
			file = os.Getenv(configVariable)
		}
		return readConfig(file, os.Environ(), c.Flags())
	}
}

// unknownVariables are names that look like settings and are none.
func unknownVariables() []string {
	return settings.Unknown(&config{}, os.Environ(), otherVariables...)
}

// otherVariables are read by other commands than serve.
var otherVariables = []string{configVariable, settings.Prefix + "GATEWAY", settings.Prefix + "TOKEN", settings.Prefix + "TOKEN_FILE"}

func configCommand() *cobra.Command {
	root := &cobra.Command{Use: "config", Short: "Check, print and describe the settings"}
	check := &cobra.Command{Use: "check", Short: "Say whether serve would take the settings", Args: cobra.NoArgs}
	read := configured(check)
	check.RunE = func(c *cobra.Command, _ []string) error {
		config, _, err := read()
		if err != nil {
			return err
		}
		for _, warning := range config.warnings() {
			fmt.Fprintln(c.ErrOrStderr(), "warning:", warning)
		}
		for _, name := range unknownVariables() {
			fmt.Fprintln(c.ErrOrStderr(), "warning: no setting is named by the environment variable", name)
		}
		fmt.Fprintln(c.OutOrStdout(), "the settings are sound")
		return nil
	}
	printed := &cobra.Command{Use: "print", Short: "Print each setting, its value and where that comes from; secrets are hidden", Args: cobra.NoArgs}
	readPrinted := configured(printed)
	printed.RunE = func(c *cobra.Command, _ []string) error {
		config, origins, fault := readPrinted()
		if err := settings.Print(c.OutOrStdout(), &config, origins); err != nil {
			return err
		}
		return fault
	}
	table := &cobra.Command{Use: "table", Short: "Describe the settings as a table in Markdown", Args: cobra.NoArgs}
	table.Run = func(c *cobra.Command, _ []string) { fmt.Fprint(c.OutOrStdout(), settings.Table(&config{})) }
	root.AddCommand(check, printed, table)
	return root
}

package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/gateway/store"
)

// forPostgres is what to do instead; docs/operations.md says more.
const forPostgres = "pg_dump --exclude-schema='readmodel_*' DATABASE >FILE, and psql --set=ON_ERROR_STOP=1 DATABASE <FILE to restore it"

func backupCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "backup FILE", Short: "Copy what is the gateway's own to a file, while it runs or not", Args: cobra.ExactArgs(1),
		Long: "Copy what does not follow from the chain (users, tokens, approvals, commands that were accepted and not yet sent) to a new\n" +
			"file. The read model is not in it: it is folded anew from the peer's blocks. Keep the identity's key and the settings, too.",
	}
	read := configured(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		config, _, err := read()
		if err != nil {
			return err
		}
		if config.Database != "" {
			return fmt.Errorf("%w: %s", store.ErrServerDatabase, forPostgres)
		}
		own, err := store.Open(c.Context(), config.ownSource())
		if err != nil {
			return err
		}
		if err := errors.Join(own.Backup(c.Context(), args[0]), own.Close()); err != nil {
			return err
		}
		fmt.Fprintln(c.OutOrStdout(), "the gateway's own data are in", args[0])
		return nil
	}
	return c
}

func restoreCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "restore FILE", Short: "Put a backup into place, where there is no data of the gateway's own yet", Args: cobra.ExactArgs(1),
	}
	read := configured(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		config, _, err := read()
		if err != nil {
			return err
		}
		if config.Database != "" {
			return fmt.Errorf("%w: %s", store.ErrServerDatabase, forPostgres)
		}
		if err := store.Restore(c.Context(), args[0], filepath.Join(config.Data, ownFile)); err != nil {
			return err
		}
		fmt.Fprintln(c.OutOrStdout(), "the gateway's own data are restored; start it")
		return nil
	}
	return c
}

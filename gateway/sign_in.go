package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/store"
)

type signInConfig struct {
	Idle      time.Duration    `yaml:"idle" default:"2h" help:"how long somebody who does nothing stays signed in"`
	Longest   time.Duration    `yaml:"longest" default:"12h" help:"how long somebody stays signed in at most"`
	Providers []providerConfig `yaml:"providers" help:"OpenID Connect providers to sign in with; docs/operations.md says how one is described"`
}

// providerConfig is access.ProviderOptions as it is written.
type providerConfig struct {
	ID           string              `yaml:"id" help:"stands in addresses"`
	Name         string              `yaml:"name" help:"stands on the button"`
	Issuer       string              `yaml:"issuer" help:"the provider's address"`
	ClientID     string              `yaml:"clientID" help:"how the provider knows the gateway"`
	ClientSecret string              `yaml:"clientSecretFile" help:"file with the secret shared with the provider"`
	Scopes       []string            `yaml:"scopes" help:"asked for beside openid"`
	UserClaim    string              `yaml:"userClaim" help:"claim with the user's name"`
	RolesClaim   string              `yaml:"rolesClaim" help:"claim with groups or roles"`
	Roles        map[string][]string `yaml:"roles" help:"which roles a group means here"`
}

func (p providerConfig) options() (access.ProviderOptions, error) {
	o := access.ProviderOptions{
		ID: p.ID, Name: p.Name, Issuer: p.Issuer, ClientID: p.ClientID, Scopes: p.Scopes,
		UserClaim: p.UserClaim, RolesClaim: p.RolesClaim, Roles: map[string][]access.Role{},
	}
	for group, roles := range p.Roles {
		for _, r := range roles {
			o.Roles[group] = append(o.Roles[group], access.Role(r))
		}
	}
	if p.ClientSecret != "" {
		secret, err := os.ReadFile(p.ClientSecret)
		if err != nil {
			return o, fmt.Errorf("couldn't read the secret of the sign-in provider %s: %w", p.ID, err)
		}
		o.ClientSecret = strings.TrimSpace(string(secret))
	}
	return o, nil
}

func (c config) openAccounts(ctx context.Context, own *store.Store, o access.Options) (*access.Accounts, error) {
	o.Organisation = string(c.Organisation)
	o.Idle, o.Absolute, o.Secure, o.PublicURL = c.SignIn.Idle, c.SignIn.Longest, c.secure(), c.address()
	for _, p := range c.SignIn.Providers {
		one, err := p.options()
		if err != nil {
			return nil, err
		}
		o.Providers = append(o.Providers, one)
	}
	return access.Open(ctx, own, o)
}

// openDesk opens the accounts and puts the desk before the way to the ledger.
func (p *process) openDesk(ctx context.Context) (*access.Desk, error) {
	accounts, err := p.config.openAccounts(ctx, p.own, access.Options{Log: p.log})
	if err != nil {
		return nil, err
	}
	return &access.Desk{Accounts: accounts, Organisation: p.config.Organisation, Model: p.model, Next: p.journal, Log: p.log}, nil
}

// accountsCommand works on the gateway's own store, beside a running gateway or
// without one: whoever can read its files needs no permission to.
func accountsCommand() *cobra.Command {
	root := &cobra.Command{Use: "accounts", Short: "Let the first people and machines in, from the gateway's own machine"}
	root.AddCommand(addUserCommand(), linkCommand(), addTokenCommand(), holdCommand())
	return root
}

// local makes a command that works on the accounts.
func local(c *cobra.Command, run func(ctx context.Context, accounts *access.Accounts, c config, args []string) error) *cobra.Command {
	read := configured(c)
	c.RunE = func(c *cobra.Command, args []string) (err error) {
		config, _, err := read()
		if err != nil {
			return fmt.Errorf("couldn't use the configuration: %w", err)
		}
		if err := os.MkdirAll(config.Data, 0o700); err != nil {
			return fmt.Errorf("couldn't make the data directory: %w", err)
		}
		own, err := store.Open(c.Context(), config.ownSource())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, own.Close()) }()
		accounts, err := config.openAccounts(c.Context(), own, access.Options{})
		if err != nil {
			return err
		}
		return run(access.With(c.Context(), access.Actor{Name: "command line"}), accounts, config, args)
	}
	return c
}

func addUserCommand() *cobra.Command {
	var roles []string
	var quiet bool
	c := &cobra.Command{Use: "add-user NAME", Short: "Add a user; sign-in-link lets them in", Args: cobra.ExactArgs(1)}
	c.Flags().StringSliceVar(&roles, "as", []string{string(access.Administrator)}, "a `role`: viewer, operator, approver, administrator, auditor; may be repeated")
	c.Flags().BoolVar(&quiet, "if-absent", false, "do nothing where there is a user of the name")
	return local(c, func(ctx context.Context, accounts *access.Accounts, _ config, args []string) error {
		if _, err := accounts.User(ctx, args[0]); err == nil && quiet {
			return nil
		}
		u := access.User{Name: args[0]}
		for _, r := range roles {
			u.Roles = append(u.Roles, access.Role(r))
		}
		return accounts.AddUser(ctx, u)
	})
}

func linkCommand() *cobra.Command {
	c := &cobra.Command{Use: "sign-in-link NAME", Short: "Print a link that signs a user in, once and within ten minutes", Args: cobra.ExactArgs(1)}
	return local(c, func(ctx context.Context, accounts *access.Accounts, config config, args []string) error {
		path, err := accounts.SignInLink(ctx, args[0])
		if err == nil {
			fmt.Fprintln(c.OutOrStdout(), strings.TrimSuffix(config.address(), "/")+path)
		}
		return err
	})
}

func addTokenCommand() *cobra.Command {
	var scopes []string
	var days int
	var file string
	c := &cobra.Command{Use: "add-token LABEL", Short: "Make a token for a machine", Args: cobra.ExactArgs(1)}
	c.Flags().StringSliceVar(&scopes, "scope", []string{string(access.Read)}, "a `scope`: read, operate, administer, audit, observe; may be repeated")
	c.Flags().IntVar(&days, "days", 365, "for how many days it holds")
	c.Flags().StringVar(&file, "file", "", "`file` to write it to, which only its owner may read; it is printed without")
	return local(c, func(ctx context.Context, accounts *access.Accounts, _ config, args []string) error {
		t := access.Token{Label: args[0], Expires: time.Now().AddDate(0, 0, days)}
		for _, s := range scopes {
			t.Scopes = append(t.Scopes, access.Permission(s))
		}
		_, secret, err := accounts.AddToken(ctx, t)
		if err != nil || file == "" {
			fmt.Fprintln(c.OutOrStdout(), secret)
			return err
		}
		return writeSecret(file, secret)
	})
}

// writeSecret puts a file in place whole, or not at all.
func writeSecret(path, secret string) error {
	partial := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".partial")
	if err := os.WriteFile(partial, []byte(secret+"\n"), 0o600); err != nil {
		return fmt.Errorf("couldn't write the token: %w", err)
	}
	if err := os.Rename(partial, path); err != nil {
		return fmt.Errorf("couldn't write the token: %w", err)
	}
	return nil
}

func holdCommand() *cobra.Command {
	c := &cobra.Command{Use: "approvals [TYPE...]", Short: "Choose which types of command a second person must approve; none without a type"}
	return local(c, func(ctx context.Context, accounts *access.Accounts, _ config, args []string) error {
		return accounts.HoldTypes(ctx, args)
	})
}

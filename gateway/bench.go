package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/gateway/bench"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

func benchCommand() *cobra.Command {
	var options bench.Options
	var configurations []string
	var limits submit.Limits
	var rows string
	c := &cobra.Command{
		Use: "bench --config FILE…", Short: "Measure a running network that is there to be tried out", Args: cobra.NoArgs,
		Example: "  gateway bench --config '.weighbridge/organisations/*/gateway.yaml' --processes .weighbridge",
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if options.Members, err = benchMembers(configurations, limits); err != nil {
				return err
			}
			if options.Processes, err = realPath(options.Processes); err != nil {
				return err
			}
			options.Out, options.Progress = c.OutOrStdout(), c.ErrOrStderr()
			if rows == "" {
				return bench.Run(c.Context(), options)
			}
			file, err := os.Create(rows)
			if err != nil {
				return fmt.Errorf("couldn't write the rows: %w", err)
			}
			options.Rows = file
			return errors.Join(bench.Run(c.Context(), options), file.Close())
		},
	}
	flags := c.Flags()
	flags.StringSliceVar(&configurations, "config", nil, "the configurations of all members' gateways; may be a `pattern`")
	flags.StringVar(&options.Baseline, "baseline", "baseline", "`name` of the baselines' chaincode; empty leaves them out")
	flags.IntSliceVar(&options.Clients, "clients", nil, "numbers of clients (default 1,16,64,256)")
	flags.DurationVar(&options.Window, "window", 0, "how long a row is measured at a time (default 3s)")
	flags.DurationVar(&options.Warm, "warm", time.Second, "how long the row's load runs before that without being counted")
	flags.DurationVar(&options.WarmFirst, "warm-first", 15*time.Second, "how long the nodes are loaded before the first row")
	flags.IntVar(&options.Rounds, "rounds", 0, "how often each row is measured (default 2)")
	flags.StringSliceVar(&options.Only, "only", nil, "measure only rows with this in their `name`, or name@clients")
	flags.IntVar(&options.Sites, "sites", 0, "how many sites are spread over (default 100)")
	flags.BoolVar(&options.Scattered, "scattered", false, scatteredUsage)
	flags.StringVar(&rows, "json", "", "write the rows also to this `file`")
	flags.StringVar(&options.Processes, "processes", "", "count the CPU time of what runs in this `folder`")
	flags.IntVar(&limits.Commands, "commands", 0, "most commands in one transaction (default as configured)")
	flags.IntVar(&limits.Parallel, "parallel", 0, "most transactions under way per member (default as configured)")
	if err := c.MarkFlagRequired("config"); err != nil {
		panic(err) // the flag was defined above
	}
	c.AddCommand(growthCommand())
	return c
}

const scatteredUsage = "give commands and documents random names, not a site's next numbers"

func growthCommand() *cobra.Command {
	var options bench.NetworkGrowthOptions
	var configurations []string
	c := &cobra.Command{
		Use: "growth [FOLDER]", Short: "Measure whether the ledger slows down as it grows, on a running network or in this process", Args: cobra.MaximumNArgs(1),
		Example: "  gateway bench growth --config '.weighbridge/organisations/*/gateway.yaml' --processes .weighbridge\n  gateway bench growth /tmp/growth",
		RunE: func(c *cobra.Command, args []string) (err error) {
			if (len(args) == 0) == (len(configurations) == 0) {
				return errors.New("either the configurations of a running network's gateways are needed, or a folder to grow a ledger in")
			}
			if len(args) > 0 {
				return bench.Growth(c.Context(), args[0], options.Lots, c.OutOrStdout())
			}
			if options.Members, err = benchMembers(configurations, submit.Limits{}); err != nil {
				return err
			}
			if options.Processes, err = realPath(options.Processes); err != nil {
				return err
			}
			options.Out, options.Progress = c.OutOrStdout(), c.ErrOrStderr()
			return bench.NetworkGrowth(c.Context(), options)
		},
	}
	flags := c.Flags()
	flags.IntSliceVar(&options.Lots, "lots", []int{1_000, 10_000, 100_000, 1_000_000}, "numbers of lots at which to measure")
	flags.StringSliceVar(&configurations, "config", nil, "the configurations of all members' gateways; may be a `pattern`")
	flags.StringVar(&options.Baseline, "baseline", "baseline", "`name` of the baselines' chaincode, measured beside if it is deployed")
	flags.DurationVar(&options.Window, "window", 10*time.Second, "how long each is measured at a time")
	flags.DurationVar(&options.Warm, "warm", time.Second, "how long the load runs before that without being counted")
	flags.DurationVar(&options.WarmFirst, "warm-first", 15*time.Second, "how long the nodes are loaded before the first row")
	flags.IntVar(&options.Rounds, "rounds", 2, "how often each is measured at each size")
	flags.BoolVar(&options.Scattered, "scattered", false, scatteredUsage)
	flags.DurationVar(&options.Within, "within", 20*time.Minute, "when to stop filling and measure what there is")
	flags.StringVar(&options.Processes, "processes", "", "count the CPU time of what runs in this `folder`")
	return c
}

// benchMembers reads the configurations that the patterns match.
func benchMembers(patterns []string, limits submit.Limits) ([]bench.Member, error) {
	var members []bench.Member
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			return nil, fmt.Errorf("couldn't read the pattern %q: %w", pattern, err)
		}
		if len(paths) == 0 {
			return nil, fmt.Errorf("there is no configuration %s", pattern)
		}
		for _, path := range paths {
			c, _, err := readConfig(path, nil, nil)
			if err != nil {
				return nil, err
			}
			dial := (&process{config: c}).dialOptions()
			dial.Limits.Commands = cmp.Or(limits.Commands, dial.Limits.Commands)
			dial.Limits.Parallel = cmp.Or(limits.Parallel, dial.Limits.Parallel)
			members = append(members, bench.Member{Organisation: c.Organisation, Role: c.Role, Dial: dial})
		}
	}
	return members, nil
}

// realPath is how the kernel knows a folder.
func realPath(folder string) (string, error) {
	if folder == "" {
		return "", nil
	}
	absolute, err := filepath.Abs(folder)
	if err != nil {
		return "", fmt.Errorf("couldn't find %s: %w", folder, err)
	}
	if absolute, err = filepath.EvalSymlinks(absolute); err != nil {
		return "", fmt.Errorf("couldn't find %s: %w", folder, err)
	}
	return absolute, nil
}

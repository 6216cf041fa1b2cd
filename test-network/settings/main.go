package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/weighbridge/weighbridge/network/consortium"
)

func main() {
	var r runner
	only := flag.String("only", "", "`parts` of the names of the settings to try, separated by commas")
	flag.StringVar(&r.options.State, "state", filepath.Join(os.TempDir(), "weighbridge-settings"), "`folder` for the networks' states, one after the other")
	flag.StringVar(&r.topology, "consortium", "test-network/consortium.yaml", "`file` that the settings are added to")
	flag.IntVar(&r.options.PortOffset, "port-offset", 0, "`number` added to every port")
	flag.DurationVar(&r.window, "window", 2500*time.Millisecond, "how long a row is measured")
	flag.DurationVar(&r.warm, "warm", time.Second, "how long its load runs before")
	flag.DurationVar(&r.first, "warm-first", 12*time.Second, "how long nodes that were just started are loaded before")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := r.try(ctx, chosen(settings(), *only)); err != nil {
		fmt.Fprintln(os.Stderr, "settings:", err)
		os.Exit(1)
	}
}

// rows are what is measured at each setting, by name and number of clients.
var rows = []row{{"put", 16}, {"intake spread ×100", 16}, {"intake spread", 64}, {"intake hot", 64}}

type row struct {
	contender string
	clients   int
}

// measured is a row of the bench, see gateway/bench.Row. That package can't be
// imported beside network's: both register Fabric's messages.
type measured struct {
	Contender string  `json:"contender"`
	Clients   int     `json:"clients"`
	Rate      float64 `json:"rate"`
	Failed    int     `json:"failed"`
	CPU       float64 `json:"cpuMs"`
	Faults    float64 `json:"faults"`
}

type runner struct {
	options             consortium.Options
	topology            string
	window, warm, first time.Duration
}

// try measures the settings and prints what there is, also when it's interrupted.
func (r *runner) try(ctx context.Context, list []setting) error {
	var results []result
	failed := r.networks(ctx, list, func(s setting, rows []measured, err error) {
		results = append(results, result{s.name, rows, err})
		fmt.Fprint(os.Stderr, results[len(results)-1].line(), "\n")
	})
	return errors.Join(failed, printTable(os.Stdout, results))
}

// networks brings up a network for each run of settings that agree on it. A
// setting with which none comes up is a result too.
func (r *runner) networks(ctx context.Context, list []setting, take func(setting, []measured, error)) error {
	for len(list) > 0 && ctx.Err() == nil {
		n := 1
		for n < len(list) && list[n].consortium == list[0].consortium {
			n++
		}
		err := r.on(ctx, list[0].consortium, func(gateway string) {
			first := r.first
			for _, s := range list[:n] {
				rows, err := r.bench(ctx, gateway, s, first)
				take(s, rows, err)
				first = 0
			}
		})
		var down downError
		if errors.As(err, &down) {
			return err
		}
		if err != nil {
			take(list[0], nil, err)
		}
		list = list[n:]
	}
	return ctx.Err()
}

// downError is a network that wouldn't go: the next can't come.
type downError struct{ error }

// on runs something on a network of its own.
func (r *runner) on(ctx context.Context, added string, do func(gateway string)) (err error) {
	options := r.options
	content, err := os.ReadFile(r.topology)
	if err != nil {
		return fmt.Errorf("couldn't read the consortium: %w", err)
	}
	options.Consortium = options.State + ".yaml"
	if err := os.WriteFile(options.Consortium, append(append(content, '\n'), added...), 0o644); err != nil {
		return fmt.Errorf("couldn't write the consortium: %w", err)
	}
	var said bytes.Buffer
	options.Progress = &said
	defer func() {
		if wiped := errors.Join(consortium.Wipe(context.WithoutCancel(ctx), options), os.Remove(options.Consortium)); wiped != nil {
			err = downError{errors.Join(err, wiped)}
		}
	}()
	network, err := consortium.Up(ctx, options)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, said.Bytes())
	}
	network.Close()
	beside := options
	beside.FurtherChaincode, beside.ChaincodePackage = "baseline", "./test-network/baseline"
	if err := consortium.Deploy(ctx, beside); err != nil {
		return fmt.Errorf("%w\n%s", err, said.Bytes())
	}
	do(network.GatewayProgram())
	return nil
}

// bench measures with the gateway's program.
func (r *runner) bench(ctx context.Context, gateway string, s setting, first time.Duration) ([]measured, error) {
	out := r.options.State + ".json"
	defer os.Remove(out)
	arguments := []string{"bench", "--config", filepath.Join(r.options.State, "organisations", "*", "gateway.yaml"),
		"--processes", r.options.State, "--json", out, "--rounds", "1", "--sites", "16", "--clients", "16,64",
		"--window", r.window.String(), "--warm", r.warm.String(), "--warm-first", first.String()}
	for _, row := range rows {
		arguments = append(arguments, "--only", fmt.Sprintf("%s@%d", row.contender, row.clients))
	}
	output, err := exec.CommandContext(ctx, gateway, append(arguments, s.bench...)...).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("couldn't measure: %w\n%s", err, output)
	}
	content, err := os.ReadFile(out)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the rows: %w", err)
	}
	var found []measured
	if err := json.Unmarshal(content, &found); err != nil {
		return nil, fmt.Errorf("couldn't read the rows: %w", err)
	}
	return found, nil
}

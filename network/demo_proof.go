package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/network/consortium"
	"github.com/weighbridge/weighbridge/test-network/season"
)

// vouchTime is how long all gateways may take to cosign the latest checkpoint.
const vouchTime = 2 * time.Minute

// proveClaim does what the brand and an outsider would do: the brand publishes a
// claim, the outsider fetches the bundle and checks it with nothing but the
// organisations' keys.
func proveClaim(ctx context.Context, network *consortium.Network, options season.Options, claim, state string) error {
	loaded, err := season.Load(season.Files())
	if err != nil {
		return err
	}
	plan, err := season.NewPlan(loaded)
	if err != nil {
		return err
	}
	if err := plan.Vouch(ctx, options, claim); err != nil {
		return err
	}
	trust := filepath.Join(state, "consortium.json")
	if err := writeTrust(ctx, network, options, trust); err != nil {
		return err
	}
	bundle := filepath.Join(state, "claim.bundle")
	owner, _, _ := strings.Cut(claim, "/")
	output, err := awaitVerified(ctx, network.GatewayProgram(), options.Gateways[owner]+"/claims/"+claim+"/bundle", bundle, trust)
	if err != nil {
		return err
	}
	fmt.Printf("An outsider checks claim %s offline:\n\n  gateway verify %s --trust %s\n\n%s\n", claim, bundle, trust, output)
	fmt.Printf("The same in a browser: %s/verifier\n\n", options.Gateways[owner])
	return nil
}

// writeTrust writes the trust file: all organisations, and all must vouch.
func writeTrust(ctx context.Context, network *consortium.Network, options season.Options, path string) error {
	arguments := []string{"trust", "--threshold", strconv.Itoa(len(network.Consortium.Organisations))}
	for _, organisation := range network.Consortium.Organisations {
		arguments = append(arguments, "--gateway", options.Gateways[organisation.ID])
	}
	output, err := exec.CommandContext(ctx, network.GatewayProgram(), arguments...).Output() //nolint:gosec // our own program
	if err != nil {
		return fmt.Errorf("couldn't write the trust file: %w%s", err, stderr(err))
	}
	return os.WriteFile(path, output, 0o600)
}

// awaitVerified fetches the bundle until everybody vouches for it.
func awaitVerified(ctx context.Context, program, url, bundle, trust string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, vouchTime)
	defer cancel()
	ticker := time.NewTicker(500 * time.Millisecond)
	defer ticker.Stop()
	for {
		output, err := fetchAndVerify(ctx, program, url, bundle, trust)
		if err == nil {
			return output, nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return "", fmt.Errorf("couldn't verify the claim's bundle: %w", err)
		}
	}
}

func fetchAndVerify(ctx context.Context, program, url, bundle, trust string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	file, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s answered %s: %.300s", url, response.Status, file)
	}
	if err := os.WriteFile(bundle, file, 0o600); err != nil {
		return "", err
	}
	output, err := exec.CommandContext(ctx, program, "verify", bundle, "--trust", trust).Output() //nolint:gosec // our own program
	if err != nil {
		return "", fmt.Errorf("%w%s", err, stderr(err))
	}
	return string(bytes.TrimSpace(output)), nil
}

// stderr is what a program complained of.
func stderr(err error) string {
	if failed, ok := err.(*exec.ExitError); ok { //nolint:errorlint // as Output returns it
		return ": " + string(bytes.TrimSpace(failed.Stderr))
	}
	return ""
}

package consortium

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/weighbridge/weighbridge/network/toolchain"
)

// gatewayPackage is the real gateway, which serves a page that verifies claims.
const gatewayPackage = "./gateway"

// beginVerifier builds the page that verifies claims, which takes a compiler for
// browsers; it is the same for all gateways.
func (n *Network) beginVerifier(ctx context.Context) *building {
	b := &building{done: make(chan struct{})}
	go func() {
		defer close(b.done)
		if !n.options.WithoutGateways && n.options.GatewayPackage == gatewayPackage {
			b.err = n.buildVerifier(ctx)
		}
	}()
	return b
}

func (n *Network) buildVerifier(ctx context.Context) error {
	builder := toolchain.Program{Package: gatewayPackage + "/proof/browser", Root: n.options.Root, Output: n.program("browser")}
	if _, err := builder.Build(ctx); err != nil {
		return err
	}
	page, err := filepath.Abs(n.Layout.VerifierPage())
	if err != nil {
		return err
	}
	if made, err := os.Stat(page); err == nil {
		if program, err := os.Stat(builder.Output); err == nil && made.ModTime().After(program.ModTime()) {
			return nil // the builder stays as it is while its content does
		}
	}
	command := exec.CommandContext(ctx, builder.Output, "-o", page) //nolint:gosec // built above
	command.Dir = n.options.Root
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("couldn't make the page that verifies claims: %w: %s", err, output)
	}
	return nil
}

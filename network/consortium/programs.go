package consortium

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/weighbridge/weighbridge/network/toolchain"
)

// building is a program being built while nodes already start.
type building struct {
	done chan struct{}
	hash string
	err  error
}

func begin(ctx context.Context, program toolchain.Program) *building {
	b := &building{done: make(chan struct{})}
	go func() {
		defer close(b.done)
		b.hash, b.err = program.Build(ctx)
	}()
	return b
}

func (b *building) wait() error {
	<-b.done
	return b.err
}

func (n *Network) beginChaincode(ctx context.Context) *building {
	return begin(ctx, toolchain.Program{
		Package: n.options.ChaincodePackage, Root: n.options.Root, Output: n.chaincodeProgram(),
	})
}

func (n *Network) chaincodeProgram() string {
	if n.options.FurtherChaincode != "" {
		return n.program("chaincode-" + n.options.FurtherChaincode)
	}
	return n.program("chaincode")
}

func (n *Network) beginGateway(ctx context.Context) *building {
	if n.options.WithoutGateways {
		nothing := &building{done: make(chan struct{})}
		close(nothing.done)
		return nothing
	}
	return begin(ctx, toolchain.Program{
		Package: n.options.GatewayPackage, Root: n.options.Root, Output: n.program("gateway"),
	})
}

// buildBuilder makes the peers' external builder: one program under the names of the four steps.
func (n *Network) buildBuilder(ctx context.Context) error {
	program := toolchain.Program{Package: "./network/builder", Root: n.options.Root, Output: n.program("builder")}
	if _, err := program.Build(ctx); err != nil {
		return err
	}
	for _, step := range []string{"detect", "build", "release", "run"} {
		if err := copyProgram(program.Output, filepath.Join(n.Layout.Builder(), "bin", step)); err != nil {
			return err
		}
	}
	return nil
}

// keepChaincode keeps a built chaincode program under its hash, and gives every organisation its own copy.
func (n *Network) keepChaincode(hash string) error {
	kept := filepath.Join(n.Layout.Chaincode(hash), "program")
	if err := copyProgram(n.chaincodeProgram(), kept); err != nil {
		return err
	}
	for _, organisation := range n.Consortium.Organisations {
		folder := n.Layout.Organisation(organisation.ID)
		own := folder.Chaincode()
		if n.options.FurtherChaincode != "" {
			own = folder.FurtherChaincode(n.options.FurtherChaincode)
		}
		if err := copyProgram(kept, own); err != nil {
			return err
		}
	}
	return nil
}

// copyProgram copies a program in one step, unless the copy has the same content already.
func copyProgram(from, to string) error {
	wanted, err := toolchain.HashFile(from)
	if err != nil {
		return err
	}
	if current, err := toolchain.HashFile(to); err == nil && current == wanted {
		return nil
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("couldn't copy a program: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return fmt.Errorf("couldn't create the folder of %s: %w", to, err)
	}
	partial := to + ".partial"
	if err := os.WriteFile(partial, content, 0o755); err != nil {
		return fmt.Errorf("couldn't copy a program: %w", err)
	}
	if err := os.Rename(partial, to); err != nil {
		return fmt.Errorf("couldn't put %s in place: %w", to, err)
	}
	return nil
}

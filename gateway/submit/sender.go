package submit

import (
	"context"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

type (
	callerKey struct{}
	batchKey  struct{}
)

// As names the caller on whose behalf commands are submitted. Callers take turns
// where more waits than one transaction takes.
func As(ctx context.Context, caller string) context.Context {
	return context.WithValue(ctx, callerKey{}, caller)
}

// CallerOf is the caller that As named, or "".
func CallerOf(ctx context.Context) string {
	name, _ := ctx.Value(callerKey{}).(string)
	return name
}

// Later says that whoever submits does not wait for the ledger, and under which
// name the commands are to be found. It is for package journal; a client waits.
func Later(ctx context.Context, batch string) context.Context {
	return context.WithValue(ctx, batchKey{}, batch)
}

// BatchOf is the name that Later gave, or "".
func BatchOf(ctx context.Context) string {
	batch, _ := ctx.Value(batchKey{}).(string)
	return batch
}

// Sealed gives the command as it is sent, with its digests. It fails where the
// command's bytes could not be read again.
func Sealed(command massbalance.Command) (massbalance.Command, error) {
	encoded, err := wire.Format(command)
	if err != nil {
		return command, err
	}
	return wire.Parse[massbalance.Command](encoded)
}

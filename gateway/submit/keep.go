package submit

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/hyperledger/fabric-gateway/pkg/client"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// keep is the contract's function for private data, and kept the one that reads it.
const (
	keep = "Keep"
	kept = "Kept"
)

// Keep puts a document into the private data of the own organisation and of one
// other, and gives the hash by which it is known on the ledger. It returns once
// the transaction is committed. Keeping the same document again is safe and
// changes nothing, so an error of any kind may be answered by trying again.
//
// The document is sent to the peers of these two organisations and to nobody
// else; it is in no block and in no error.
func (c *Client) Keep(ctx context.Context, document []byte, with massbalance.OrganisationID) (massbalance.Digest, error) {
	digest := massbalance.Digest(sha256.Sum256(document))
	deadline, cancel := context.WithTimeout(ctx, c.runner.timeouts.Batch)
	defer cancel()
	for n := 0; ; n++ {
		end := c.runner.keep(ctx, deadline, func(ctx context.Context) (endorsed, error) {
			return c.fabric.keep(ctx, document, digest, with)
		})
		if end.stage == Valid {
			return digest, nil
		}
		if end.again == "" || n == attempts || wait(deadline, pause(n)) != nil {
			return digest, fmt.Errorf("couldn't keep document %s with %s (%s): %s", digest, with, end.stage, end.detail)
		}
	}
}

// Kept reads a document that the own organisation keeps; false means that it
// keeps none of this hash.
func (c *Client) Kept(ctx context.Context, digest massbalance.Digest) ([]byte, bool, error) {
	document, err := c.Evaluate(ctx, kept, digest.String())
	if err != nil || len(document) == 0 {
		return nil, false, err
	}
	if sum := sha256.Sum256(document); sum != digest {
		return nil, false, fmt.Errorf("couldn't read document %s: the peer answered with another one", digest)
	}
	return document, true, nil
}

// keep has one transaction endorsed, ordered and committed.
func (r *runner) keep(ctx, deadline context.Context, propose func(context.Context) (endorsed, error)) ending {
	proposing, cancel := context.WithTimeout(deadline, r.timeouts.Endorse)
	defer cancel()
	tx, err := propose(proposing)
	if err != nil {
		return endOfProposal(err)
	}
	if _, err := r.order(deadline, tx); err != nil {
		return endOfOrder(err, tx.ID())
	}
	return r.await(ctx, tx.ID(), nil)
}

// keep names the endorsers, or the peer's gateway would ask whomever the
// chaincode's own policy asks for.
func (f *fabric) keep(ctx context.Context, document []byte, digest massbalance.Digest, with massbalance.OrganisationID) (endorsed, error) {
	proposal, err := f.contract.NewProposal(keep,
		client.WithArguments(digest.String(), string(with)),
		client.WithTransient(map[string][]byte{"document": document}),
		client.WithEndorsingOrganizations(f.gateway.Identity().MspID(), string(with)),
	)
	if err != nil {
		return nil, &failure{kind: rejected, detail: "couldn't make a proposal: " + err.Error()}
	}
	tx, err := proposal.EndorseWithContext(ctx)
	if err != nil {
		return nil, endorseFailure(err)
	}
	return transaction{tx}, nil
}

package submit

import "context"

// Invoke submits one transaction of any chaincode on the channel, by itself and
// once: nothing is batched, waits in a queue or is tried again. It is for what
// stands beside the ledger's own commands, such as the baselines of a benchmark.
// The outcome has no result of the rules; its answer is the chaincode's.
func (c *Client) Invoke(ctx context.Context, chaincode, function string, args ...string) (o Outcome, answer []byte) {
	encoded := make([][]byte, len(args))
	for i, arg := range args {
		encoded[i] = []byte(arg)
	}
	contract := c.network.GetContract(chaincode)
	run := c.runner
	endorsing, cancel := context.WithTimeout(ctx, run.timeouts.Endorse)
	defer cancel()
	tx, err := proposeTo(endorsing, contract, function, encoded...)
	if err != nil {
		return endOfProposal(err).outcome(), nil
	}
	doubt, err := run.order(ctx, tx)
	if err != nil {
		return endOfOrder(err, tx.ID()).outcome(), nil
	}
	end := run.await(ctx, tx.ID(), nil)
	if end.stage == Unknown {
		end.detail += doubt
	}
	return end.outcome(), tx.Answer()
}

// outcome is that of a command whose transaction ended like this.
func (e ending) outcome() Outcome {
	return Outcome{Stage: e.stage, Transaction: e.transaction, Block: e.block, Detail: e.detail}
}

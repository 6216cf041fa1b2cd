package bench

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/weighbridge/weighbridge/gateway/submit"
)

// value is what the baselines write under a key: as much as a small record.
var value = strings.Repeat("v", 100)

// baselines are the contenders of test-network/baseline.
func (b *bench) baselines() []*contender {
	var serial atomic.Int64
	key := func() string { return fmt.Sprintf("%s-%d", b.name, serial.Add(1)) }
	put := b.baseline("put", 1, b.Clients, func(int) (string, []string) { return "Put", []string{key(), value} })
	putMany := b.baseline(fmt.Sprintf("put ×%d", b.Bulk), b.Bulk, b.busy(16, 64), func(int) (string, []string) {
		return "PutMany", []string{key(), strconv.Itoa(b.Bulk), value}
	})
	return []*contender{put, putMany, b.account("balance key", "Move", "Balance"), b.account("delta rows", "Book", "Total")}
}

// busy are those of the numbers at which it is crowded, or the highest there is.
func (b *bench) busy(wanted ...int) []int {
	var some []int
	for _, n := range b.Clients {
		for _, w := range wanted {
			if n == w {
				some = append(some, n)
			}
		}
	}
	if len(some) == 0 {
		some = b.Clients[len(b.Clients)-1:]
	}
	return some
}

func (b *bench) baseline(name string, commands int, clients []int, call func(client int) (function string, args []string)) *contender {
	c := &contender{name: name, clients: clients, commands: commands, ledger: b.Baseline}
	c.client = func(i int) request {
		through := b.trading[i%len(b.trading)]
		return func(ctx context.Context) done {
			function, args := call(i)
			return b.insist(ctx, through, commands, function, args)
		}
	}
	return c
}

// insist invokes until the transaction is valid, as a client must that got a
// conflict, or until the request has taken too long.
func (b *bench) insist(ctx context.Context, client *submit.Client, commands int, function string, args []string) (d done) {
	for {
		o, _ := client.Invoke(ctx, b.Baseline, function, args...)
		b.saw(o)
		switch {
		case o.Stage == submit.Valid:
			d.committed = commands
			return d
		case ctx.Err() != nil, o.Stage == submit.Unknown:
			d.failed = commands
			return d
		}
		d.retries++
	}
}

// booked is what was acknowledged to be in an account.
type booked struct {
	mu    sync.Mutex
	grams map[string]int64
}

// account books in and out of one account in turn.
func (b *bench) account(name, function, total string) *contender {
	account := b.name
	c := &contender{name: name, clients: b.busy(16, 64), commands: 1, ledger: b.Baseline}
	c.client = func(i int) request {
		through, out := b.trading[i%len(b.trading)], true
		return func(ctx context.Context) done {
			grams := int64(27_340_000)
			if out = !out; out {
				grams = -grams
			}
			d := b.insist(ctx, through, 1, function, []string{account, strconv.FormatInt(grams, 10)})
			if d.failed > 0 {
				out = !out
			}
			b.booked.add(total, grams*int64(d.committed))
			return d
		}
	}
	return c
}

func (a *booked) add(total string, grams int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.grams[total] += grams
}

// checkAccounts compares the accounts with what was acknowledged. Requests that
// failed may have been committed all the same, which is why only a sum below
// zero is called an overdraft.
func (b *bench) checkAccounts(ctx context.Context) ([]string, error) {
	var lines []string
	for _, total := range []string{"Balance", "Total"} {
		acknowledged, used := b.booked.grams[total]
		if !used {
			continue
		}
		answer, err := b.trading[0].EvaluateOf(ctx, b.Baseline, total, b.name)
		if err != nil {
			return nil, err
		}
		grams, err := strconv.ParseInt(string(answer), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("couldn't read what is in the account: %w", err)
		}
		name := map[string]string{"Balance": "balance key", "Total": "delta rows"}[total]
		lines = append(lines, fmt.Sprintf("%s: the ledger has %d g, %d g were acknowledged, overdrafts %d", name, grams, acknowledged, overdrafts(grams)))
	}
	return lines, nil
}

func overdrafts(grams int64) int {
	if grams < 0 {
		return 1
	}
	return 0
}

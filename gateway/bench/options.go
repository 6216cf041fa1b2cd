package bench

import (
	"cmp"
	"io"
	"time"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

// Member is an organisation whose gateway's identity and peer are used.
type Member struct {
	Organisation massbalance.OrganisationID
	Role         massbalance.Role
	// Dial says how; Registerer is the benchmark's own.
	Dial submit.Options
}

// Options say what to measure. Zero values take the default.
type Options struct {
	// Members are all of the consortium. Trading ones submit, in turn.
	Members []Member
	// Baseline is the name of the baselines' chaincode; "" leaves them out.
	Baseline string
	// Clients are the numbers of clients: 1, 16, 64, 256.
	Clients []int
	// Sites is over how many sites the spread contenders go: 100.
	Sites int
	// Bulk is how many commands an import sends per request: 100.
	Bulk int
	// Scattered gives commands and documents random names, as programs do that number
	// nothing, and not the next numbers of their site.
	Scattered bool
	// Window is how long a cell is measured at a time: 3 s; Ramp how long its
	// clients run before: 1 s.
	Window, Ramp time.Duration
	// Warm is how long they run before that without being counted in anything, so
	// that heaps have grown; 0 is not at all.
	Warm time.Duration
	// WarmFirst is how long the nodes are loaded before the first of all windows. A
	// heap that may grow to five times what is live in it (GOGC is 400) takes some
	// 30,000 commands to get there.
	WarmFirst time.Duration
	// Rounds is how many windows each cell gets: 2.
	Rounds int
	// Limit bounds the number of commands of one window: 100,000.
	Limit int64
	// Only, if set, has parts of the names of the contenders to measure, or as
	// name@clients a whole name and one number of clients.
	Only []string
	// Processes is a folder: the CPU time of all processes that work below it
	// is counted. "" counts none.
	Processes string
	// Out takes the table, Progress what is being done. Rows, if set, takes the rows
	// as JSON, a list of Row.
	Out, Progress, Rows io.Writer
}

func (o Options) withDefaults() Options {
	if len(o.Clients) == 0 {
		o.Clients = []int{1, 16, 64, 256}
	}
	o.Sites = cmp.Or(o.Sites, 100)
	o.Bulk = cmp.Or(o.Bulk, 100)
	o.Window = cmp.Or(o.Window, 3*time.Second)
	o.Ramp = cmp.Or(o.Ramp, time.Second)
	o.Rounds = cmp.Or(o.Rounds, 2)
	o.Limit = cmp.Or(o.Limit, 100_000)
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	return o
}

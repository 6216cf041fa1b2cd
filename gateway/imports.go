package main

import (
	"context"
	"encoding/json"

	"github.com/weighbridge/weighbridge/gateway/access"
	"github.com/weighbridge/weighbridge/gateway/imports"
)

// openImports makes the importer, whose jobs go on in the name of whoever handed
// the file in: what they may do is looked up anew for each command.
func (p *process) openImports(ctx context.Context) error {
	carrier, err := carrierIn(p.config.Data)
	if err != nil {
		return err
	}
	p.imports, err = imports.Open(ctx, imports.Options{
		Organisation: p.config.Organisation, Model: p.model, Submitter: p.desk, Store: p.own, Carrier: carrier,
		Who: written, As: as, Ready: func() bool { return p.problem() == "" }, Log: p.log,
	})
	return err
}

// written is who acts, to be kept: without the session, which may end before the
// work that it began.
func written(ctx context.Context) []byte {
	actor := access.From(ctx)
	actor.Session, actor.Address = "", ""
	who, err := json.Marshal(actor)
	if err != nil {
		return nil // names and lists of names can be written
	}
	return who
}

// as notes who was kept; what can't be read is nobody, who may do nothing.
func as(ctx context.Context, who []byte) context.Context {
	var actor access.Actor
	if json.Unmarshal(who, &actor) != nil {
		actor = access.Nobody
	}
	return access.With(ctx, actor)
}

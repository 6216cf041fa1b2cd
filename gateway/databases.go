package main

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/store"
)

// ownFile is the file of the store, where it is kept in one.
const ownFile = "own.db"

// ownSource is where the gateway keeps what is its own.
func (c config) ownSource() string {
	if c.Database != "" {
		return c.Database
	}
	return "sqlite:" + filepath.Join(c.Data, ownFile)
}

func (c config) openModel(ctx context.Context) (*readmodel.Model, error) {
	if c.Database != "" {
		return readmodel.OpenPostgres(ctx, c.Database)
	}
	return readmodel.Open(c.Data)
}

// openDatabases opens what follows from the chain and what is the gateway's own.
func (c config) openDatabases(ctx context.Context) (*readmodel.Model, *store.Store, error) {
	own, err := store.Open(ctx, c.ownSource())
	if err != nil {
		return nil, nil, err
	}
	model, err := c.openModel(ctx)
	if err != nil {
		return nil, nil, errors.Join(err, own.Close())
	}
	return model, own, nil
}

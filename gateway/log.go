package main

import (
	"io"
	"log/slog"

	"github.com/weighbridge/weighbridge/gateway/trace"
)

// open makes the log that was asked for.
func (c logConfig) open(w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		level = slog.LevelInfo // the level was checked before
	}
	options := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(trace.Log(slog.NewJSONHandler(w, options)))
	}
	return slog.New(trace.Log(slog.NewTextHandler(w, options)))
}

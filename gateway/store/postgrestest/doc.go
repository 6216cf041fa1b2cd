// Package postgrestest runs a real server of PostgreSQL for tests, with a
// cluster of its own that is gone afterwards.
package postgrestest

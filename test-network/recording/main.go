// Recording keeps the first blocks of a network that was tried, with the keys of
// its nodes and users, for tests that need a real chain and go on with it as its
// members would, or as they should not:
//
//	go run ./network demo --state DIR
//	go run ./test-network/recording --state DIR --out gateway/audit/chaintest/network.tgz
//	go run ./network down --state DIR --wipe
//
// The keys are those of a network on one machine that no longer exists.
package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/weighbridge/weighbridge/gateway/audit/blockfile"
	"github.com/weighbridge/weighbridge/network/topology"
)

func main() {
	state := flag.String("state", ".weighbridge", "the network's state `folder`")
	peer := flag.String("peer", "miller", "`organisation` whose peer's blocks are taken")
	channel := flag.String("channel", "weighbridge", "`name` of the channel")
	blocks := flag.Int("blocks", 16, "how `many` blocks to keep")
	out := flag.String("out", "network.tgz", "`file` to write")
	flag.Parse()
	if err := record(topology.Layout{Root: *state}, *peer, *channel, *blocks, *out); err != nil {
		fmt.Fprintln(os.Stderr, "recording:", err)
		os.Exit(1)
	}
}

func record(layout topology.Layout, peer, channel string, blocks int, out string) (err error) {
	file, err := os.Create(out)
	if err != nil {
		return fmt.Errorf("couldn't write the recording: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	compressed, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, compressed.Close()) }()
	archive := tar.NewWriter(compressed)
	defer func() { err = errors.Join(err, archive.Close()) }()
	data := layout.Organisation(peer).Holder(topology.HolderPeer).Data()
	chain, err := firstBlocks(filepath.Join(data, "ledgersData", "chains", "chains", channel), blocks)
	if err != nil {
		return err
	}
	if err := add(archive, "blockfile_000000", chain); err != nil {
		return err
	}
	return addIdentities(archive, layout)
}

func firstBlocks(dir string, count int) ([]byte, error) {
	reader, err := blockfile.Open(dir)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	var out []byte
	for range count {
		b, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		out = protowire.AppendBytes(out, blockfile.Format(b))
	}
	return out, nil
}

// addIdentities adds the certificate and key of every node and user.
func addIdentities(archive *tar.Writer, layout topology.Layout) error {
	organisations, err := os.ReadDir(layout.Organisations())
	if err != nil {
		return fmt.Errorf("couldn't list the organisations: %w", err)
	}
	for _, organisation := range organisations {
		for _, name := range []string{topology.HolderPeer, topology.HolderOrderer, topology.HolderAdministrator, topology.HolderGateway} {
			holder := layout.Organisation(organisation.Name()).Holder(name)
			for _, part := range []struct{ file, name string }{{holder.Certificate(), "cert.pem"}, {holder.Key(), "key.pem"}} {
				content, err := os.ReadFile(part.file)
				if errors.Is(err, fs.ErrNotExist) {
					continue // a certification body has no orderer
				}
				if err != nil {
					return fmt.Errorf("couldn't read an identity: %w", err)
				}
				if err := add(archive, path.Join(organisation.Name(), name, part.name), content); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func add(archive *tar.Writer, name string, content []byte) error {
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
		return fmt.Errorf("couldn't record %s: %w", name, err)
	}
	if _, err := archive.Write(content); err != nil {
		return fmt.Errorf("couldn't record %s: %w", name, err)
	}
	return nil
}

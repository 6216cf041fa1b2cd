package consortium

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/weighbridge/weighbridge/network/topology"
)

// manifest is network.json: what the state folder was made from. It's the first file written into it, and what tells it from
// any other folder.
type manifest struct {
	Fingerprint string `json:"fingerprint"`
	PortOffset  int    `json:"portOffset"`
	// Authorities are the hashes of the certificate authorities in the genesis block, by organisation.
	Authorities map[string]string `json:"authorities,omitempty"`
}

// readManifest returns nil if there's none yet.
func readManifest(layout topology.Layout) (*manifest, error) {
	content, err := os.ReadFile(layout.Manifest())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, checkEmpty(layout)
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't read the state folder: %w", err)
	}
	var read manifest
	if err := json.Unmarshal(content, &read); err != nil {
		return nil, fmt.Errorf("couldn't parse %s; `down --wipe` starts afresh: %w", layout.Manifest(), err)
	}
	return &read, nil
}

// checkEmpty refuses to settle in a folder that's used for something else. The lock may be there already.
func checkEmpty(layout topology.Layout) error {
	entries, err := os.ReadDir(layout.Root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("couldn't read the state folder: %w", err)
	}
	for _, entry := range entries {
		if path := filepath.Join(layout.Root, entry.Name()); path != layout.Lock() && path != layout.Manifest()+".partial" {
			return fmt.Errorf("%s isn't a state folder: it has no %s but contains %s", layout.Root, filepath.Base(layout.Manifest()), entry.Name())
		}
	}
	return nil
}

func (m manifest) write(layout topology.Layout) error {
	content, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("couldn't encode %s: %w", layout.Manifest(), err)
	}
	partial := layout.Manifest() + ".partial"
	if err := os.WriteFile(partial, content, 0o644); err != nil {
		return fmt.Errorf("couldn't write the state folder: %w", err)
	}
	if err := os.Rename(partial, layout.Manifest()); err != nil {
		return fmt.Errorf("couldn't write the state folder: %w", err)
	}
	return nil
}

// settle makes sure that the state folder belongs to this consortium, writing the manifest if the folder is new.
func (n *Network) settle() error {
	fingerprint := n.Consortium.Fingerprint()
	if n.manifest == nil {
		n.manifest = &manifest{Fingerprint: fingerprint, PortOffset: n.options.PortOffset}
		return n.manifest.write(n.Layout)
	}
	if n.manifest.Fingerprint != fingerprint {
		return fmt.Errorf("%s was changed since the network in %s was made from it; restore it, or `down --wipe` removes that network with its data",
			n.options.Consortium, n.Layout.Root)
	}
	return nil
}

// checkAuthorities makes sure that the organisations' identities are those the channel was made with.
func (n *Network) checkAuthorities() error {
	current := map[string]string{}
	for _, organisation := range n.Consortium.Organisations {
		msp := n.Layout.Organisation(organisation.ID).MSP()
		digest := sha256.New()
		for _, path := range []string{filepath.Join(msp, "cacerts", "ca.pem"), filepath.Join(msp, "tlscacerts", "tlsca.pem")} {
			content, err := os.ReadFile(path)
			if err != nil {
				return fmt.Errorf("couldn't read the certificate authority of %s, without which the network can't go on: %w", organisation.ID, err)
			}
			digest.Write(content)
		}
		current[organisation.ID] = hex.EncodeToString(digest.Sum(nil))
	}
	for id, hash := range n.manifest.Authorities {
		if current[id] != hash {
			return fmt.Errorf("the identities in %s aren't those the channel was made with; restore them, or `down --wipe` removes the network",
				n.Layout.Organisation(id).Root)
		}
	}
	if n.manifest.Authorities != nil {
		return nil
	}
	n.manifest.Authorities = current
	return n.manifest.write(n.Layout)
}

package identity

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/weighbridge/weighbridge/network/topology"
)

// nodeOUs maps organisational units to roles for one MSP, whose CA certificate lies at cacerts/ca.pem.
const nodeOUs = `NodeOUs:
  Enable: true
  ClientOUIdentifier: {Certificate: cacerts/ca.pem, OrganizationalUnitIdentifier: client}
  PeerOUIdentifier: {Certificate: cacerts/ca.pem, OrganizationalUnitIdentifier: peer}
  AdminOUIdentifier: {Certificate: cacerts/ca.pem, OrganizationalUnitIdentifier: admin}
  OrdererOUIdentifier: {Certificate: cacerts/ca.pem, OrganizationalUnitIdentifier: orderer}
`

// CreateOrganisation writes the folder of an organisation with everything it needs to take part. A folder that exists is
// left alone: it's either complete, because it appears under its name by a rename, or the organisation's own.
func CreateOrganisation(organisation topology.Organisation, layout topology.OrganisationLayout) error {
	if _, err := os.Stat(layout.Root); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(layout.Root), 0o700); err != nil {
		return fmt.Errorf("couldn't create the folder of the organisations: %w", err)
	}
	partial := topology.OrganisationLayout{Root: layout.Root + ".partial"}
	if err := os.RemoveAll(partial.Root); err != nil {
		return fmt.Errorf("couldn't remove the half-written %s: %w", partial.Root, err)
	}
	if err := writeOrganisation(organisation, partial); err != nil {
		return fmt.Errorf("couldn't issue the identities of %s: %w", organisation.ID, err)
	}
	if err := os.Rename(partial.Root, layout.Root); err != nil {
		return fmt.Errorf("couldn't put the identities of %s in place: %w", organisation.ID, err)
	}
	return nil
}

// authorities are the two roots of an organisation.
type authorities struct{ signing, tls Pair }

func writeOrganisation(organisation topology.Organisation, layout topology.OrganisationLayout) error {
	roots, err := newAuthorities(organisation)
	if err != nil {
		return err
	}
	if err := roots.write(layout.Authority()); err != nil {
		return err
	}
	if err := roots.writePublicMSP(layout.MSP()); err != nil {
		return err
	}
	for _, holder := range holders(organisation) {
		if err := roots.writeHolder(holder, layout.Holder(holder.folder)); err != nil {
			return err
		}
	}
	return nil
}

func newAuthorities(organisation topology.Organisation) (authorities, error) {
	signing, err := NewAuthority("ca."+organisation.ID+".example", organisation.Name)
	if err != nil {
		return authorities{}, err
	}
	tls, err := NewAuthority("tlsca."+organisation.ID+".example", organisation.Name)
	if err != nil {
		return authorities{}, err
	}
	return authorities{signing, tls}, nil
}

// holder is someone or something of the organisation that gets certificates; hosts are where it listens.
type holder struct {
	folder     string
	commonName string
	role       Role
	hosts      []string
}

func holders(organisation topology.Organisation) []holder {
	node := func(node topology.Node, role Role) holder {
		return holder{string(node.Kind), node.ServerName(), role, hosts(node)}
	}
	all := []holder{
		node(organisation.PeerNode(), RolePeer),
		{topology.HolderAdministrator, "administrator." + organisation.ID + ".example", RoleAdmin, nil},
	}
	if organisation.Gateway != nil {
		all = append(all, node(organisation.GatewayNode(), RoleClient))
	} else {
		all = append(all, holder{topology.HolderGateway, organisation.GatewayNode().ServerName(), RoleClient, nil})
	}
	if organisation.Orderer != nil {
		all = append(all, node(organisation.OrdererNode(), RoleOrderer))
	}
	return all
}

// hosts are the names and addresses by which a node is reached.
func hosts(node topology.Node) []string {
	hosts := []string{node.ServerName(), "localhost", "127.0.0.1"}
	if host := node.Host(); host != "localhost" && host != "127.0.0.1" {
		hosts = append(hosts, host)
	}
	return hosts
}

func (a authorities) write(folder string) error {
	for name, pair := range map[string]Pair{"ca": a.signing, "tlsca": a.tls} {
		key, err := pair.KeyPEM()
		if err != nil {
			return err
		}
		if err := write(filepath.Join(folder, name+"-key.pem"), key, 0o600); err != nil {
			return err
		}
		if err := write(filepath.Join(folder, name+".pem"), pair.CertificatePEM(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (a authorities) writePublicMSP(folder string) error {
	files := map[string][]byte{
		filepath.Join("cacerts", "ca.pem"):       a.signing.CertificatePEM(),
		filepath.Join("tlscacerts", "tlsca.pem"): a.tls.CertificatePEM(),
		"config.yaml":                            []byte(nodeOUs),
	}
	for name, content := range files {
		if err := write(filepath.Join(folder, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (a authorities) writeHolder(holder holder, layout topology.HolderLayout) error {
	signing, err := a.signing.IssueSigning(holder.commonName, holder.role)
	if err != nil {
		return err
	}
	tls, err := a.tls.IssueTLS(holder.commonName, holder.hosts)
	if err != nil {
		return err
	}
	if err := a.writePublicMSP(layout.MSP()); err != nil {
		return err
	}
	if err := writePair(signing, layout.Certificate(), layout.Key()); err != nil {
		return err
	}
	if err := writePair(tls, layout.TLSCertificate(), layout.TLSKey()); err != nil {
		return err
	}
	return write(layout.TLSRoot(), a.tls.CertificatePEM(), 0o644)
}

func writePair(pair Pair, certificatePath, keyPath string) error {
	key, err := pair.KeyPEM()
	if err != nil {
		return err
	}
	if err := write(certificatePath, pair.CertificatePEM(), 0o644); err != nil {
		return err
	}
	return write(keyPath, key, 0o600)
}

func write(path string, content []byte, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("couldn't create a folder: %w", err)
	}
	if err := os.WriteFile(path, content, mode); err != nil {
		return fmt.Errorf("couldn't write a file: %w", err)
	}
	return nil
}

package consortium

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/weighbridge/weighbridge/network/topology"
)

// GatewayUser is the user whom every gateway of a network has from the beginning. With all roles, they can try everything out.
const GatewayUser = "administrator"

// letIn gives each gateway its first user, and a token for the network's own programs in the organisation's folder. On such
// a network one program gives all commands, so none waits for a second person until an administrator says so.
func (n *Network) letIn(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, node := range n.Consortium.GatewayNodes() {
		folder := n.Layout.Organisation(node.Organisation.ID)
		if _, err := os.Stat(folder.GatewayToken()); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		group.Go(func() error {
			for _, arguments := range [][]string{
				{"add-user", GatewayUser, "--if-absent", "--as", "operator,approver,administrator,auditor"},
				{"approvals"},
				{"add-token", "network", "--scope", "read,operate,observe", "--file", folder.GatewayToken()},
			} {
				if _, err := n.accounts(ctx, folder, arguments...); err != nil {
					return fmt.Errorf("couldn't let anybody in at %s: %w", node.Name(), err)
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// accounts runs the gateway's own program on its accounts.
func (n *Network) accounts(ctx context.Context, folder topology.OrganisationLayout, arguments ...string) (string, error) {
	arguments = append(append([]string{"accounts"}, arguments...), "--config", folder.GatewayConfig())
	command := exec.CommandContext(ctx, n.program("gateway"), arguments...)
	var output, complaint bytes.Buffer
	command.Stdout, command.Stderr = &output, &complaint
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("%w: %s", err, strings.TrimSpace(complaint.String()))
	}
	return strings.TrimSpace(output.String()), nil
}

// GatewayToken is the token with which programs may call an organisation's gateway.
func (n *Network) GatewayToken(id string) (string, error) {
	token, err := os.ReadFile(n.Layout.Organisation(id).GatewayToken())
	if err != nil {
		return "", fmt.Errorf("couldn't read the token of the gateway of %s: %w", id, err)
	}
	return strings.TrimSpace(string(token)), nil
}

// SignInLink makes an address that signs a browser in at an organisation's gateway, once and within minutes.
func (n *Network) SignInLink(ctx context.Context, id string) (string, error) {
	organisation, err := n.Consortium.Organisation(id)
	if err != nil {
		return "", err
	}
	if organisation.Gateway == nil {
		return "", fmt.Errorf("%s has no gateway", id)
	}
	link, err := n.accounts(ctx, n.Layout.Organisation(id), "sign-in-link", GatewayUser)
	if err != nil {
		return "", fmt.Errorf("couldn't make a sign-in link for %s: %w", id, err)
	}
	return link, nil
}

package testnetwork_test

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
	"github.com/weighbridge/weighbridge/network/administration"
	"github.com/weighbridge/weighbridge/network/consortium"
	"github.com/weighbridge/weighbridge/network/topology"
)

// liar is the member that tries to deceive.
const liar = "miller"

// split is a member that shows others another ledger than there is.
type split struct {
	t       *testing.T
	network *consortium.Network
	trust   checkpoint.Trust
	// early is a checkpoint that the member signed some time ago.
	early string
	// sold and shown are two claims on the same credit: what the ledger holds to be
	// valid, and what the member's side of it does.
	sold, shown string
}

// newSplit keeps an early checkpoint of the member's.
func newSplit(t *testing.T, network *consortium.Network, state string) *split {
	data, err := os.ReadFile(filepath.Join(state, "consortium.json"))
	require.NoError(t, err)
	trust, err := checkpoint.ParseTrust(data)
	require.NoError(t, err)
	s := &split{network: network, trust: trust}
	require.Eventually(t, func() bool {
		status, _, body := get(t, network.GatewayURL(liar)+"/api/v1/log/checkpoint")
		s.early = body
		return status == http.StatusOK
	}, time.Minute, 50*time.Millisecond)
	return s
}

func (s *split) others() (all []string) {
	for _, organisation := range s.network.Consortium.Organisations {
		if organisation.ID != liar {
			all = append(all, organisation.ID)
		}
	}
	return all
}

// run has the member sell one credit to two buyers. Both claims were endorsed by
// all and ordered, and the later is invalid, for the first took the credit. Its own
// peer flags them the other way round, which no orderer's signature tells, and its
// gateway believes the peer, since it does not audit. It signs what it then has.
func (s *split) run(t *testing.T) {
	s.t = t
	require.NoError(t, s.network.StopNode(t.Context(), "gateway."+liar))
	s.cutOff()
	s.sellTwice()
	require.NoError(t, s.network.StopNode(t.Context(), "peer."+liar)) // it keeps in memory what it committed itself
	flip := s.flags(map[string]byte{s.sold: 11, s.shown: 0})          // MVCC_READ_CONFLICT and VALID
	require.NoError(t, s.network.StartNode(t.Context(), "peer."+liar))
	config := s.network.Layout.Organisation(liar).GatewayConfig()
	honest, err := os.ReadFile(config)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(config, append(slices.Clone(honest), "\naudit: off\n"...), 0o600))
	require.NoError(t, s.network.StartNode(t.Context(), "gateway."+liar))

	s.othersRefuse()
	s.bundlesDiffer()

	require.NoError(t, s.network.StopNode(t.Context(), "gateway."+liar))
	flip()
	require.NoError(t, os.WriteFile(config, honest, 0o600))
	s.cannotGoBack()
}

// cutOff shows the others a log that ends where the member's did some time ago:
// they see that it became shorter. They take note of it, and compare again.
func (s *split) cutOff() {
	holder := s.network.Layout.Organisation(liar).Holder(topology.HolderGateway)
	certificate, err := tls.LoadX509KeyPair(holder.TLSCertificate(), holder.TLSKey())
	require.NoError(s.t, err)
	node, _ := s.network.Consortium.Node("gateway." + liar)
	listener, err := tls.Listen("tcp", node.Organisation.Gateway.MembersAddress(), &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS13})
	require.NoError(s.t, err)
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v1/log/checkpoint" {
			_, _ = io.WriteString(w, s.early)
			return
		}
		http.NotFound(w, r)
	})}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	found := map[string]alarm{}
	for _, org := range s.others() {
		found[org] = s.alarmed(org, "truncated")
		require.Equal(s.t, s.early, found[org].Theirs, "as the member signed it")
	}
	require.NoError(s.t, server.Close())
	require.ErrorIs(s.t, <-served, http.ErrServerClosed)
	var notes errgroup.Group
	for org, alarm := range found {
		notes.Go(func() error { return s.note(org, alarm.ID) })
	}
	require.NoError(s.t, notes.Wait())
}

// note takes note of an alarm as an administrator of a gateway.
func (s *split) note(org, id string) error {
	file := filepath.Join(s.t.TempDir(), "token")
	output, err := exec.CommandContext(s.t.Context(), s.network.GatewayProgram(), "accounts", "add-token", "alarms", "--scope", "read,administer",
		"--file", file, "--config", s.network.Layout.Organisation(org).GatewayConfig()).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, output)
	}
	token, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.network.GatewayURL(org)+"/api/v1/log/alarms/"+id+"/note", nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", org, response.Status)
	}
	return nil
}

// alarm is one as the gateway's interface gives it.
type alarm struct {
	ID, Organisation, Problem, Ours, Theirs string
	Size                                    int64
	Noted                                   time.Time
}

// alarmed waits for a gateway's alarm about the member, or of the member about
// any other.
func (s *split) alarmed(org, problem string) (found alarm) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		var all struct{ Alarms []alarm }
		if fetch(s.t, s.network.GatewayURL(org)+"/api/v1/log/alarms", &all) != http.StatusOK {
			return false
		}
		at := slices.IndexFunc(all.Alarms, func(a alarm) bool {
			return a.Problem == problem && a.Noted.IsZero() && (a.Organisation == liar || org == liar)
		})
		if at >= 0 {
			found = all.Alarms[at]
		}
		return at >= 0
	}, time.Minute, 50*time.Millisecond, "%s: %s", org, problem)
	return found
}

// sellTwice claims the same lot for two buyers at once.
func (s *split) sellTwice() {
	var lots struct {
		Items []struct{ ID, Product, Usable string }
	}
	require.Equal(s.t, http.StatusOK, fetch(s.t, s.network.GatewayURL("growers")+"/api/v1/lots?available=true&limit=500&site=mill-newark", &lots))
	least := massbalance.Kilograms(10)
	at := slices.IndexFunc(lots.Items, func(l struct{ ID, Product, Usable string }) bool {
		usable, err := massbalance.ParseQuantity(l.Usable)
		return err == nil && !usable.Less(least)
	})
	require.GreaterOrEqual(s.t, at, 0)
	lot := lots.Items[at]
	for try := 0; s.sold == "" || s.shown == ""; try++ {
		require.Less(s.t, try, 20, "one claim was always done before the other began")
		var answers [2]error
		names := [2]string{fmt.Sprintf("north-%d", try), fmt.Sprintf("south-%d", try)}
		var both errgroup.Group
		for i, name := range names {
			both.Go(func() error { answers[i] = s.claim(name, lot.ID, lot.Product); return nil })
		}
		require.NoError(s.t, both.Wait())
		for i, err := range answers {
			if err == nil {
				s.sold = names[i]
			} else if strings.Contains(err.Error(), "MVCC_READ_CONFLICT") {
				s.shown = names[i]
			} else {
				require.ErrorContains(s.t, err, "ENDORSEMENT_MISMATCH") // a peer was behind: nothing was sent
			}
		}
		if s.sold == "" || s.shown == "" {
			s.sold, s.shown = "", ""
		}
	}
}

func (s *split) claim(name, lot, product string) error {
	administrator, err := s.network.Administrator(liar)
	if err != nil {
		return err
	}
	command := massbalance.Command{ID: massbalance.CommandID(name), Date: "2025-11-20", Period: "2025-Q4", Body: massbalance.ClaimCredits{
		Site: "mill-newark", Product: massbalance.ProductID(product), Lines: []massbalance.LotLine{{Lot: massbalance.LotID(lot), Quantity: massbalance.Kilograms(10)}},
		Beneficiary: "Bakers " + name, ReportingYear: 2025, Purpose: "scope 3"}}
	if err := wire.Seal(&command); err != nil {
		return err
	}
	batch, err := wire.FormatBatch([]massbalance.Command{command})
	if err != nil {
		return err
	}
	answer, err := administrator.Submit(s.t.Context(), allPeers, administration.Call{Function: "Apply", Arguments: []string{string(batch)}})
	if err != nil {
		return err
	}
	results, err := wire.ParseAnswer(answer, []massbalance.Command{command})
	if err == nil && results[0].Code != massbalance.Accepted {
		err = fmt.Errorf("%s: %s", name, results[0].Message)
	}
	return err
}

// flags changes validity codes in the files of the member's peer, by a text that
// only that transaction has, and gives what changes them back.
func (s *split) flags(codes map[string]byte) (back func()) {
	path := filepath.Join(blockFiles(s.network, liar), "blockfile_000000")
	before, err := os.ReadFile(path)
	require.NoError(s.t, err)
	var after []byte
	changed := 0
	for _, b := range readBlocks(s.t, filepath.Dir(path)) {
		for i, transaction := range b.data {
			for name, code := range codes {
				if strings.Contains(string(transaction), "Bakers "+name) {
					b.metadata[2][i] = code
					changed++
				}
			}
		}
		after = protowire.AppendBytes(after, b.format())
	}
	require.Equal(s.t, len(codes), changed)
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = file.Close() })
	write := func(content []byte) {
		for i := range after { // only what differs: the peer is running
			if before[i] != after[i] {
				_, err := file.WriteAt(content[i:i+1], int64(i))
				require.NoError(s.t, err)
			}
		}
	}
	write(after)
	return func() { write(before) }
}

// othersRefuse waits until every other gateway sees the contradiction, and the
// member's own one, too: both sides are shown, and neither signs for the other.
func (s *split) othersRefuse() {
	keys, err := s.trust.Keys()
	require.NoError(s.t, err)
	for _, org := range s.others() {
		found := s.alarmed(org, "split_view")
		ours, err := checkpoint.ParseText(found.Ours)
		require.NoError(s.t, err)
		theirs, cosigners, _, err := checkpoint.Open(found.Theirs, keys)
		require.NoError(s.t, err)
		require.Len(s.t, cosigners, 1, "evidence that nobody else signed")
		require.EqualValues(s.t, liar, cosigners[0].Organisation)
		require.Equal(s.t, ours.Size, theirs.Size)
		require.NotEqual(s.t, ours.Root, theirs.Root)
		_, _, page := get(s.t, s.network.GatewayURL(org)+"/alarms")
		for _, root := range []string{strings.Split(found.Ours, "\n")[2], strings.Split(found.Theirs, "\n")[2]} {
			require.Contains(s.t, page, "<mark>"+strings.ReplaceAll(root, "+", "&#43;")+"</mark>")
		}
		_, _, page = get(s.t, s.network.GatewayURL(org)+"/")
		require.Contains(s.t, page, "The log of "+liar+" contradicts ours")
		var standing struct {
			Cosigners []struct {
				Organisation string
				Refused      bool
			}
		}
		require.Equal(s.t, http.StatusOK, fetch(s.t, s.network.GatewayURL(org)+"/api/v1/log/cosigners", &standing))
		for _, c := range standing.Cosigners {
			require.Equal(s.t, c.Organisation == liar, c.Refused, "%s about %s", org, c.Organisation)
		}
	}
	s.alarmed(liar, "split_view")
}

// bundlesDiffer has an outsider check both claims: the one that is on the ledger
// is vouched for by all but the member, the other by nobody else.
func (s *split) bundlesDiffer() {
	require.Eventually(s.t, func() bool {
		said, err := s.verify("growers", s.sold, 4)
		return err == nil && strings.Contains(said, "for Bakers "+s.sold)
	}, time.Minute, 200*time.Millisecond)
	said, err := s.verify("growers", s.sold, 5)
	require.Error(s.t, err)
	require.Contains(s.t, said, "4 of 5 do, 5 must")
	said, err = s.verify(liar, s.shown, 1)
	require.NoError(s.t, err, said)
	require.Contains(s.t, said, "for Bakers "+s.shown, "who trusts the member alone is deceived")
	said, err = s.verify(liar, s.shown, 2)
	require.Error(s.t, err)
	require.Contains(s.t, said, "1 of 5 do, 2 must (vouching: "+liar+")")
	status, _, _ := get(s.t, s.network.GatewayURL("growers")+"/api/v1/claims/"+liar+"/"+s.shown+"/bundle")
	require.Equal(s.t, http.StatusNotFound, status)
}

// verify runs `gateway verify` on a bundle that a gateway gives of a claim.
func (s *split) verify(at, claim string, threshold int) (string, error) {
	status, _, bundle := get(s.t, s.network.GatewayURL(at)+"/api/v1/claims/"+liar+"/"+claim+"/bundle")
	if status != http.StatusOK {
		return bundle, fmt.Errorf("%d", status)
	}
	return verified(s.t, s.network, s.trust, threshold, bundle)
}

// verified runs `gateway verify` as an outsider who asks for so many cosignatures.
func verified(t *testing.T, network *consortium.Network, trust checkpoint.Trust, threshold int, bundle string) (string, error) {
	trust.Threshold = threshold
	data, err := trust.Format()
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "claim.bundle"), []byte(bundle), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "trust.json"), data, 0o600))
	output, err := exec.CommandContext(t.Context(), network.GatewayProgram(), "verify", filepath.Join(dir, "claim.bundle"), "--trust", filepath.Join(dir, "trust.json")).CombinedOutput()
	return string(output), err
}

// cannotGoBack gives the member's gateway the true blocks, and a copy of the
// ledger made of them: it remembers what it vouched for, and signs nothing else.
func (s *split) cannotGoBack() {
	copies, err := filepath.Glob(filepath.Join(s.network.Layout.Organisation(liar).Holder(topology.HolderGateway).Data(), "readmodel*"))
	require.NoError(s.t, err)
	require.NotEmpty(s.t, copies)
	for _, path := range copies {
		require.NoError(s.t, os.RemoveAll(path))
	}
	require.NoError(s.t, s.network.StartNode(s.t.Context(), "gateway."+liar))
	var problem struct{ Detail string }
	require.Equal(s.t, http.StatusConflict, fetch(s.t, s.network.GatewayURL(liar)+"/api/v1/log/checkpoint", &problem))
	require.Contains(s.t, problem.Detail, "vouched for something else before")
	s.alarmed(liar, "contradicts_itself")
	_, _, page := get(s.t, s.network.GatewayURL(liar)+"/")
	require.Contains(s.t, page, "This gateway refuses to sign")
	var claim json.RawMessage
	require.Equal(s.t, http.StatusOK, fetch(s.t, s.network.GatewayURL(liar)+"/api/v1/claims/"+liar+"/"+s.sold, &claim), "it reads as ever")
}

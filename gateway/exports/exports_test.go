package exports_test

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/exports"
	"github.com/weighbridge/weighbridge/gateway/pdf/pdftest"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
	"github.com/weighbridge/weighbridge/gateway/readmodel/ledgertest"
	"github.com/weighbridge/weighbridge/gateway/replay"
)

func season(t *testing.T) (*ledgertest.Ledger, *readmodel.Model) {
	t.Helper()
	ledger := ledgertest.New(t)
	ledger.Season()
	model, err := readmodel.Open(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, model.Close()) })
	ledger.Follow(func(b replay.Block) {
		b.Hash = sha256.Sum256([]byte{byte(b.Number)}) // the test's ledger has no blocks to hash
		require.NoError(t, model.Apply(t.Context(), b))
	})
	return ledger, model
}

func read(t *testing.T, m *readmodel.Model, look func(*readmodel.Snapshot) error) {
	t.Helper()
	require.NoError(t, m.Read(t.Context(), look))
}

// keep leaves a document where it can be looked at.
func keep(t *testing.T, name string, content []byte) {
	if dir := os.Getenv("KEEP_DOCUMENTS"); dir != "" {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
}

func TestTheDeclarationOfATransfer(t *testing.T) {
	_, m := season(t)
	read(t, m, func(s *readmodel.Snapshot) error {
		d, err := exports.NewDeclaration(s, "miller/DSP-1")
		require.NoError(t, err)
		require.Equal(t, []any{"Wheat flour", "120000", "81000", "39000"}, []any{d.ProductDescription, d.Quantity.String(), d.Attributed.String(), d.Undifferentiated.String()})
		require.Equal(t, massbalance.SiteID("mill"), d.LastProcessingSite)
		require.Equal(t, []any{"Oderbruch Mills", "Havel Bakeries"}, []any{d.Supplier.Name, d.Customer.Name})
		require.NotEmpty(t, d.Lines[0].Wording)
		sum := d.Rounding
		for _, o := range d.Origins {
			require.NotEmpty(t, o.Certificate)
			sum = sum.Add(o.Quantity)
		}
		require.Equal(t, d.Attributed.String(), sum.String())
		document, err := d.PDF("http://127.0.0.1:8101/api/v1/transfers/miller/DSP-1")
		require.True(t, bytes.HasPrefix(document, []byte("%PDF-1.")))
		keep(t, "declaration.pdf", document)
		first, err2 := exports.NewDeclaration(s, "growers/DSP-2")
		require.NoError(t, err2)
		require.Empty(t, first.LastProcessingSite)
		return err
	})
}

func TestTheCertificateOfAClaim(t *testing.T) {
	_, m := season(t)
	read(t, m, func(s *readmodel.Snapshot) error {
		document, err := exports.ClaimCertificate(s, "brand/CLM-1", "http://127.0.0.1:8104/api/v1/claims/brand/CLM-1")
		require.NoError(t, err)
		keep(t, "claim.pdf", document)
		require.True(t, bytes.HasSuffix(document, []byte("%%EOF\n")))
		again, err := exports.ClaimCertificate(s, "brand/CLM-1", "http://127.0.0.1:8104/api/v1/claims/brand/CLM-1")
		require.Equal(t, document, again, "the same claim gives the same bytes")
		return err
	})
}

func TestADocumentSaysWhatNoLongerStands(t *testing.T) {
	_, m := season(t)
	var d exports.Declaration
	read(t, m, func(s *readmodel.Snapshot) (err error) {
		d, err = exports.NewDeclaration(s, "miller/DSP-1")
		return err
	})
	require.Empty(t, d.Origins[0].Recalled)
	sound, err := d.PDF("http://127.0.0.1/")
	require.NoError(t, err)
	require.False(t, strings.Contains(pdftest.Text(t, sound), "recalled"))
	d.Origins[0].Recalled = "finding F-1: invented harvest"
	recalled, err := d.PDF("http://127.0.0.1/")
	require.NoError(t, err)
	require.Contains(t, strings.Join(strings.Fields(pdftest.Text(t, recalled)), " "), "which is recalled by finding F-1:")
	keep(t, "recalled.pdf", recalled)
}

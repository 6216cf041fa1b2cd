package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/api"
)

const ticketFile = "ticket,date,supplier,product,net kg\nT-1,2026-08-20,VS-2026-011,wheat,24820\nT-2,2026-08-20,Somebody,wheat,14460\n"

func (g gateway) upload(query, file string, header ...string) reply {
	g.t.Helper()
	return g.do(http.MethodPost, "/api/v1/imports?"+query, file, append([]string{"Content-Type", "text/csv"}, header...)...)
}

func TestAFileIsTriedThenImportedAsAJob(t *testing.T) {
	g := serve(t)
	r := g.upload("kind=tickets&site=elevator&dryRun=true", ticketFile)
	require.Equal(t, http.StatusOK, r.StatusCode, r.body)
	require.NotEmpty(t, r.Header.Get("Weighbridge-Height"))
	require.Contains(t, r.body, `"accepted":2`)
	require.Contains(t, r.body, `"what":"introduce 24820 kg on statement VS-2026-011, mass balance"`)
	require.Equal(t, http.StatusNotFound, g.get("/api/v1/commands/growers/T-1").StatusCode)

	r = g.upload("kind=tickets&site=elevator", ticketFile)
	require.Equal(t, http.StatusAccepted, r.StatusCode, r.body)
	job := g.await(r.Header.Get("Location"))
	require.Contains(t, job, `"accepted":2`)
	require.Contains(t, job, `"sent":2,"total":2`)
	require.Equal(t, http.StatusOK, g.get("/api/v1/commands/growers/T-1").StatusCode)
	require.Contains(t, g.await(g.upload("kind=tickets&site=elevator", ticketFile).Header.Get("Location")), `"repeated":2`)
	g.get("/api/v1/imports/none").problem(t, http.StatusNotFound)
}

func (g gateway) await(location string) (job string) {
	g.t.Helper()
	require.Eventually(g.t, func() bool {
		job = g.get(location).body
		return strings.Contains(job, `"state":"done"`)
	}, 10*time.Second, time.Millisecond)
	return job
}

func TestAFormCarriesASecondFileOfSuppliers(t *testing.T) {
	g := serve(t)
	form := func(parts ...string) (string, string) {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		for i := 0; i < len(parts); i += 2 {
			part, err := w.CreateFormFile(parts[i], parts[i]+".csv")
			require.NoError(t, err)
			_, err = io.WriteString(part, parts[i+1])
			require.NoError(t, err)
		}
		require.NoError(t, w.Close())
		return body.String(), w.FormDataContentType()
	}
	const query = "kind=tickets&site=elevator&dryRun=true"
	body, kind := form("file", ticketFile, "suppliers", "supplier,statement\nSomebody,VS-2026-012\n")
	r := g.upload(query, body, "Content-Type", kind)
	require.Equal(t, http.StatusOK, r.StatusCode, r.body)
	require.Contains(t, r.body, "take in 24820 kg")
	require.Contains(t, r.body, "introduce 14460 kg on statement VS-2026-012")
	body, kind = form("suppliers", "supplier,statement\n")
	g.upload(query, body, "Content-Type", kind).problem(t, http.StatusBadRequest)
	body, kind = form("other", ticketFile)
	g.upload(query, body, "Content-Type", kind).problem(t, http.StatusBadRequest)
	g.upload(query, "not a form", "Content-Type", "multipart/form-data; boundary=x").problem(t, http.StatusBadRequest)
}

func TestFilesThatCannotBeImportedSayWhere(t *testing.T) {
	g := serve(t)
	p := g.upload("kind=tickets&site=elevator", ticketFile+"T-3,2026-08-20,Somebody,wheat,\"1,000\"\n").problem(t, http.StatusUnprocessableEntity)
	require.Equal(t, "line 4, net", p["errors"].([]any)[0].(map[string]any)["location"])
	require.Equal(t, http.StatusNotFound, g.get("/api/v1/commands/growers/T-1").StatusCode, "nothing was sent")
	for _, dry := range []string{"", "&dryRun=true"} {
		p = g.upload("kind=tickets&site=elevator"+dry, "ticket,net\n1,2\n").problem(t, http.StatusBadRequest)
		require.Len(t, p["errors"], 3)
	}
	require.Equal(t, http.StatusUnprocessableEntity, g.upload("site=elevator", ticketFile).StatusCode)
	require.Equal(t, http.StatusUnprocessableEntity, g.upload("kind=cheese", ticketFile).StatusCode)
	g.upload("kind=tickets&site=elevator", ticketFile, "Sec-Fetch-Site", "cross-site").problem(t, http.StatusForbidden)
	certifier := serve(t, func(o *api.Options) { o.Role = massbalance.Certification })
	certifier.upload("kind=tickets&dryRun=true", ticketFile).problem(t, http.StatusForbidden)
}

func TestImportsAreDescribed(t *testing.T) {
	d, _ := openAPI(t)
	var post struct {
		RequestBody struct{ Content map[string]json.RawMessage }
		Responses   map[string]json.RawMessage
	}
	require.NoError(t, json.Unmarshal(d.Paths["/api/v1/imports"]["post"], &post))
	require.Len(t, post.RequestBody.Content, 3)
	require.Contains(t, post.Responses, "202")
	require.Contains(t, d.Paths, "/api/v1/imports/{id}")
}

package api_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/api"
	"github.com/weighbridge/weighbridge/gateway/webhooks"
)

func TestWebhooksAreManagedOverTheInterface(t *testing.T) {
	g := serve(t)
	got := make(chan *http.Request, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Header.Set("body", string(body))
		got <- r
	}))
	t.Cleanup(receiver.Close)
	send := func(method, path, body string) reply {
		return g.do(method, "/api/v1/webhooks"+path, body, "Content-Type", "application/json")
	}
	created := send(http.MethodPost, "", fmt.Sprintf(`{"url":%q,"types":["take_in"]}`, receiver.URL))
	require.Equal(t, http.StatusCreated, created.StatusCode, created.body)
	hook, err := wire.Decode[api.Webhook]([]byte(created.body))
	require.NoError(t, err)
	require.Equal(t, "/api/v1/webhooks/"+hook.ID, created.Header.Get("Location"))
	require.Equal(t, "local", hook.Creator)
	require.NotEmpty(t, hook.Secret)

	tried, err := wire.Decode[api.Delivery]([]byte(send(http.MethodPost, "/"+hook.ID+"/test", "").body))
	require.NoError(t, err)
	require.True(t, tried.Delivered, tried.Problem)
	delivery := <-got
	signature, err := webhooks.Sign(hook.Secret, delivery.Header.Get("webhook-id"), delivery.Header.Get("webhook-timestamp"), []byte(delivery.Header.Get("body")))
	require.NoError(t, err)
	require.Equal(t, signature, delivery.Header.Get("webhook-signature"))

	again := decode[api.Webhook](t, g.get("/api/v1/webhooks/"+hook.ID))
	require.Empty(t, again.Secret, "it is shown once")
	require.Equal(t, []string{"take_in"}, again.Types)
	var list struct{ Items []json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(g.get("/api/v1/webhooks").body), &list))
	require.Len(t, list.Items, 1)
	require.JSONEq(t, `{"items":[]}`, g.get("/api/v1/webhooks/"+hook.ID+"/dead-letters").body)
	require.Equal(t, http.StatusOK, send(http.MethodPost, "/"+hook.ID+"/enable", "").StatusCode)
	require.Equal(t, http.StatusNoContent, send(http.MethodDelete, "/"+hook.ID, "").StatusCode)
	g.get("/api/v1/webhooks/"+hook.ID).problem(t, http.StatusNotFound)
	send(http.MethodPost, "/nothing/dead-letters/x/redeliver", "").problem(t, http.StatusNotFound)
	for body, location := range map[string]string{
		`{"url":"ftp://x"}`: "body.url", `{"url":"https://x.example","types":["dance"]}`: "body.types", `{"url":"https://x.example","extra":1}`: "body.extra",
	} {
		p := send(http.MethodPost, "", body).problem(t, http.StatusUnprocessableEntity)
		require.Equal(t, location, typedFault(p), body)
	}
}

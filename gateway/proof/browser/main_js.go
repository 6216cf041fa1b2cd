//go:build js && wasm

package main

import (
	"encoding/json"
	"fmt"
	"syscall/js"

	"github.com/weighbridge/weighbridge/gateway/proof/checkpoint"
	"github.com/weighbridge/weighbridge/gateway/proof/verify"
)

// result is what the page shows.
type result struct {
	Error    string           `json:"error,omitempty"`
	Heading  string           `json:"heading,omitempty"`
	Stands   bool             `json:"stands"`
	Doubts   []string         `json:"doubts"`
	Sections []verify.Section `json:"sections,omitempty"`
	Picture  verify.Picture   `json:"picture"`
}

// main gives the page its one function and waits for calls.
func main() {
	js.Global().Set("weighbridgeVerify", js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		file := make([]byte, arguments[0].Get("length").Int())
		js.CopyBytesToGo(file, arguments[0])
		answer, err := json.Marshal(check(file, arguments[1].String()))
		if err != nil {
			return `{"error":"the answer has no form"}`
		}
		return string(answer)
	}))
	js.Global().Get("document").Call("dispatchEvent", js.Global().Get("Event").New("weighbridge"))
	select {}
}

// check never lets a panic end the program: no file may stop the page.
func check(file []byte, trustFile string) (out result) {
	defer func() {
		if broken := recover(); broken != nil {
			out = result{Error: fmt.Sprintf("the verifier failed on this file: %v", broken)}
		}
	}()
	trust, err := checkpoint.ParseTrust([]byte(trustFile))
	if err != nil {
		return result{Error: err.Error()}
	}
	s, err := verify.File(file, trust)
	if err != nil {
		return result{Error: err.Error()}
	}
	return result{Heading: s.Heading(), Stands: s.Stands(), Doubts: s.Doubts(), Sections: s.Words(), Picture: s.Picture()}
}

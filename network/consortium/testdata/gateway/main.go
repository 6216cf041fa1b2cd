// Gateway stands in for the real gateway when a network is tried out: it reads its configuration and says it's ready.
package main

import (
	"fmt"
	"net/http"
	"os"

	"gopkg.in/yaml.v3"
)

func main() {
	if err := serve(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(arguments []string) error {
	if len(arguments) > 1 && arguments[0] == "accounts" {
		return nil
	}
	if len(arguments) != 3 || arguments[0] != "serve" || arguments[1] != "--config" {
		return fmt.Errorf("can't do %q", arguments)
	}
	content, err := os.ReadFile(arguments[2])
	if err != nil {
		return err
	}
	var config struct {
		Listen string `yaml:"listen"`
	}
	if err := yaml.Unmarshal(content, &config); err != nil {
		return err
	}
	http.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	return http.ListenAndServe(config.Listen, nil)
}

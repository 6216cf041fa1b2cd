package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// config is the file that a gateway is started with. Every field is needed.
type config struct {
	// Organisation is also the MSP ID of the gateway's identity.
	Organisation massbalance.OrganisationID `yaml:"organisation"`
	Role         massbalance.Role           `yaml:"role"`
	Listen       string                     `yaml:"listen"`
	Channel      string                     `yaml:"channel"`
	Chaincode    string                     `yaml:"chaincode"`
	// Data is the directory of what the gateway keeps.
	Data     string         `yaml:"data"`
	Peer     peerConfig     `yaml:"peer"`
	Identity identityConfig `yaml:"identity"`
}

type peerConfig struct {
	Address    string `yaml:"address"`
	ServerName string `yaml:"serverName"`
	TLSCA      string `yaml:"tlsCA"`
}

type identityConfig struct {
	Certificate string `yaml:"certificate"`
	Key         string `yaml:"key"`
}

// readConfig reads the file strictly: a field that is unknown, missing or
// impossible is an error that names the file and the field.
func readConfig(path string) (config, error) {
	var c config
	data, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("couldn't read the configuration: %w", err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return c, fmt.Errorf("couldn't read the configuration %s: %w", path, err)
	}
	if err := c.check(); err != nil {
		return c, fmt.Errorf("couldn't use the configuration %s: %w", path, err)
	}
	return c, nil
}

func (c config) check() error {
	for _, field := range []struct {
		name, value string
		check       func(string) error
	}{
		{"organisation", string(c.Organisation), checkName},
		{"role", string(c.Role), checkRole},
		{"listen", c.Listen, checkLoopback},
		{"channel", c.Channel, nil},
		{"chaincode", c.Chaincode, nil},
		{"data", c.Data, checkAbsolute},
		{"peer.address", c.Peer.Address, checkAddress},
		{"peer.serverName", c.Peer.ServerName, nil},
		{"peer.tlsCA", c.Peer.TLSCA, checkFile},
		{"identity.certificate", c.Identity.Certificate, checkFile},
		{"identity.key", c.Identity.Key, checkFile},
	} {
		if field.value == "" {
			return fmt.Errorf("%s: is missing", field.name)
		}
		if field.check == nil {
			continue
		}
		if err := field.check(field.value); err != nil {
			return fmt.Errorf("%s: %w", field.name, err)
		}
	}
	return nil
}

func checkName(value string) error {
	if !massbalance.ValidName(value) {
		return fmt.Errorf("%q is not a name of 1 to 64 letters, digits, dots, underscores and hyphens", value)
	}
	return nil
}

func checkRole(value string) error {
	if role := massbalance.Role(value); role != massbalance.Trading && role != massbalance.Certification {
		return fmt.Errorf("%q is neither %s nor %s", value, massbalance.Trading, massbalance.Certification)
	}
	return nil
}

func checkAddress(value string) error {
	_, port, err := net.SplitHostPort(value)
	if err != nil {
		return fmt.Errorf("%q is not host:port", value)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q has no port number", value)
	}
	return nil
}

// checkLoopback keeps a gateway without sign-in off the network.
func checkLoopback(value string) error {
	if err := checkAddress(value); err != nil {
		return err
	}
	host, _, _ := net.SplitHostPort(value)
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() || strings.EqualFold(host, "localhost") {
		return nil
	}
	return fmt.Errorf("%q is not a loopback address; the gateway has no sign-in yet, so whoever reaches it acts for the organisation: listen on 127.0.0.1", value)
}

func checkAbsolute(value string) error {
	if !filepath.IsAbs(value) {
		return fmt.Errorf("%q is not an absolute path", value)
	}
	return nil
}

func checkFile(value string) error {
	file, err := os.Open(value)
	if err != nil {
		return err
	}
	return file.Close()
}

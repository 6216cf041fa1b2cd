package main

import (
	"errors"
	"time"

	"github.com/spf13/pflag"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/settings"
	"github.com/weighbridge/weighbridge/gateway/submit"
)

// config is all that a gateway can be told: in a file, by the environment and
// by flags, as package settings says. To add a setting is to add a field with
// its tags here, and a row to checks where not every value will do; the flag, the
// variable and docs/configuration.md follow from it.
type config struct {
	Organisation massbalance.OrganisationID `yaml:"organisation" required:"true" help:"the organisation that it acts for, which is also the MSP ID of its identity"`
	Role         massbalance.Role           `yaml:"role" required:"true" help:"the organisation's role: trading or certification"`
	Listen       string                     `yaml:"listen" default:"127.0.0.1:8101" help:"address to serve on, host:port"`
	Channel      string                     `yaml:"channel" default:"weighbridge" help:"the consortium's channel"`
	Chaincode    string                     `yaml:"chaincode" default:"massbalance" help:"name of the chaincode on the channel"`
	Genesis      string                     `yaml:"genesis" help:"the channel's genesis block, on which the audit of the chain rests: its file, or the hash of its header; without it the peer's first answer is trusted once and kept"`
	Audit        string                     `yaml:"audit" default:"full" help:"full checks each block's hashes, orderers' quorum, signatures, policies and versions before it is read; off believes the peer"`
	Data         string                     `yaml:"data" required:"true" help:"directory of what the gateway keeps, an absolute path"`
	Database     string                     `yaml:"database" secret:"true" help:"PostgreSQL database to keep everything in, postgres://user@host/name; without it two SQLite files in data do"`
	LeastFree    int                        `yaml:"leastFree" default:"256" help:"MiB of free space in the data directory's file system below which the gateway says that it is not ready"`
	Places       string                     `yaml:"places" help:"file of places for the console's map: GeoJSON points with a property site, region or country; without it regions and countries lie in their middle"`
	Peer         peerConfig                 `yaml:"peer"`
	Identity     identityConfig             `yaml:"identity"`
	PublicURL    string                     `yaml:"publicURL" help:"address under which people and programs reach the gateway, such as https://weighbridge.mill.example; needed unless it is one of loopback"`
	TLS          tlsConfig                  `yaml:"tls"`
	SignIn       signInConfig               `yaml:"signIn"`
	Limits       limitsConfig               `yaml:"limits"`
	Submit       submitConfig               `yaml:"submit"`
	Log          logConfig                  `yaml:"log"`
	Trace        traceConfig                `yaml:"trace"`
	Transparency transparencyConfig         `yaml:"transparency"`
	Members      membersConfig              `yaml:"members"`
	Shutdown     shutdownConfig             `yaml:"shutdown"`
	Webhooks     webhooksConfig             `yaml:"webhooks"`
}

type peerConfig struct {
	Address    string `yaml:"address" required:"true" help:"the organisation's own peer, host:port"`
	ServerName string `yaml:"serverName" required:"true" help:"name in the peer's TLS certificate"`
	TLSCA      string `yaml:"tlsCA" required:"true" help:"file with the authority of the peer's TLS certificate (PEM)"`
}

// submitConfig bounds what goes to the ledger together.
type submitConfig struct {
	Commands int `yaml:"commands" default:"500" help:"most commands in one transaction"`
	Parallel int `yaml:"parallel" default:"4" help:"most transactions under way, fewer where that makes them slow; where more sites have something waiting, several share one"`
}

func (c submitConfig) limits() submit.Limits {
	return submit.Limits{Commands: c.Commands, Parallel: c.Parallel}
}

type identityConfig struct {
	Certificate string       `yaml:"certificate" required:"true" help:"file with the certificate that the gateway signs as (PEM)"`
	Key         string       `yaml:"key" help:"file with that certificate's private key (PEM), unless a token holds it"`
	Passphrase  string       `yaml:"passphrase" secret:"true" help:"passphrase of the key's file, where that is encrypted (PKCS#8)"`
	PKCS11      pkcs11Config `yaml:"pkcs11"`
}

// pkcs11Config is for keys in a token, such as a hardware security module.
type pkcs11Config struct {
	Library string `yaml:"library" help:"PKCS#11 library of the token that holds the key; needs a gateway built with -tags pkcs11"`
	Token   string `yaml:"token" help:"label of the token"`
	KeyID   string `yaml:"keyId" help:"ID of the key in the token (CKA_ID), hexadecimal"`
	PIN     string `yaml:"pin" secret:"true" help:"PIN of the token's user"`
}

type traceConfig struct {
	Endpoint string `yaml:"endpoint" help:"collector of traces that takes OTLP over HTTP, http://127.0.0.1:4318 for example; without it there are none"`
	Percent  int    `yaml:"percent" default:"100" help:"how many of a hundred traces that begin at the gateway are kept"`
}

type webhooksConfig struct {
	Allow string `yaml:"allow" help:"addresses and networks inside, with commas between, to which webhooks may be sent, without TLS too: 127.0.0.1,10.1.0.0/16 for example"`
}

type shutdownConfig struct {
	Delay   time.Duration `yaml:"delay" default:"0s" help:"how long the gateway says that it is not ready before it stops listening, for whatever sends it requests to notice"`
	Timeout time.Duration `yaml:"timeout" default:"30s" help:"how long requests and transactions under way may take at the end"`
}

type transparencyConfig struct {
	Key        string   `yaml:"key" help:"file with the key that checkpoints of the log are signed with (Ed25519, PKCS #8, PEM); without it nothing is signed"`
	Passphrase string   `yaml:"passphrase" secret:"true" help:"passphrase of that file, where it is encrypted"`
	Others     []string `yaml:"others" help:"the other organisations' gateways, whose logs are compared: organisation=address each"`
	Verifier   string   `yaml:"verifier" help:"the page that verifies claims, made by go run ./gateway/proof/browser, to be served at /verifier"`
}

type logConfig struct {
	Level  string `yaml:"level" default:"info" help:"least severe entry that is logged: debug, info, warn or error; debug logs every request"`
	Format string `yaml:"format" default:"text" help:"form of the log: text or json"`
}

// The values of Audit.
const (
	auditFull = "full"
	auditOff  = "off"
)

// checks say of a setting whether a value that is not empty will do.
var checks = map[string]func(string) error{
	"organisation":            checkName,
	"role":                    checkRole,
	"listen":                  checkAddress,
	"publicURL":               checkURL,
	"tls.certificate":         checkFile,
	"tls.key":                 checkFile,
	"data":                    checkAbsolute,
	"database":                checkDatabase,
	"genesis":                 checkGenesis,
	"audit":                   oneOf(auditFull, auditOff),
	"places":                  checkPlaces,
	"peer.address":            checkAddress,
	"peer.tlsCA":              checkFile,
	"identity.certificate":    checkFile,
	"identity.key":            checkFile,
	"trace.endpoint":          checkCollector,
	"transparency.key":        checkFile,
	"transparency.others":     checkGateways,
	"members.listen":          checkAddress,
	"members.certificate":     checkFile,
	"members.key":             checkFile,
	"members.authorities":     checkAuthorities,
	"webhooks.allow":          checkAllow,
	"limits.perSecond":        checkPositive,
	"limits.burst":            checkPositive,
	"limits.unknownPerSecond": checkPositive,
	"limits.unknownBurst":     checkPositive,
	"submit.commands":         checkPositive,
	"submit.parallel":         checkPositive,
	"log.level":               oneOf("debug", "info", "warn", "error"),
	"log.format":              oneOf("text", "json"),
}

// configVariable names the file where no flag does.
const configVariable = settings.Prefix + "CONFIG"

// readConfig reads all sources strictly: what is unknown, missing or impossible
// is an error that names the setting and where it came from.
func readConfig(file string, environment []string, flags *pflag.FlagSet) (config, settings.Origins, error) {
	var c config
	origins, err := settings.Read(&c, settings.Sources{File: file, Environment: environment, Flags: flags})
	faults := []error{err}
	for _, f := range settings.Fields(&c) {
		text := f.Value()
		if check := checks[f.Path]; check != nil && text != "" {
			if err := check(text); err != nil {
				faults = append(faults, origins.Fault(f.Path, err))
			}
		}
	}
	if err := c.checkReach(); err != nil {
		faults = append(faults, origins.Fault("listen", err))
	}
	if err := c.Members.check(); err != nil {
		faults = append(faults, origins.Fault("members.listen", err))
	}
	return c, origins, errors.Join(append(faults, c.Identity.check())...)
}

package contract

import (
	"fmt"
	"reflect"

	"github.com/hyperledger/fabric-contract-api-go/v2/metadata"
)

// text hands arguments and answers over as they are. The contract's functions
// take and give nothing but strings and read them by package wire, so the
// library's own way, to validate each string against a JSON schema that every
// string satisfies, would only cost time: several copies of a batch as JSON.
type text struct{}

// FromString gives the argument.
func (text) FromString(argument string, wanted reflect.Type, _ *metadata.ParameterMetadata, _ *metadata.ComponentMetadata) (reflect.Value, error) {
	if wanted.Kind() != reflect.String {
		return reflect.Value{}, fmt.Errorf("internal: an argument would have to be a %s, but only strings are passed", wanted)
	}
	return reflect.ValueOf(argument).Convert(wanted), nil
}

// ToString gives the answer; a function without one has an empty one.
func (text) ToString(answer reflect.Value, given reflect.Type, _ *metadata.ReturnMetadata, _ *metadata.ComponentMetadata) (string, error) {
	if given == nil || !answer.IsValid() {
		return "", nil
	}
	if given.Kind() != reflect.String {
		return "", fmt.Errorf("internal: an answer would be a %s, but only strings are passed", given)
	}
	return answer.String(), nil
}

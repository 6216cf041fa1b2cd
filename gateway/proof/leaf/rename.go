package leaf

import (
	"reflect"
	"sync"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
)

// naming gives the name that is to stand in a lot's place.
type naming = func(massbalance.LotID) (string, error)

// Rename copies a command with another name for each lot and without its clerk
// and its documents, and a trace without the claims that it marks: whose they are
// is nobody's business, and their marks stand in the register. Documents that
// certifiers signed stay as they are.
func Rename(c massbalance.Command, name func(massbalance.LotID) (string, error)) (massbalance.Command, error) {
	c, err := renamed(c, name)
	if err != nil {
		return c, err
	}
	return c, wire.Seal(&c)
}

// renamed is Rename without the digests, which have no part in a core.
func renamed(c massbalance.Command, name naming) (massbalance.Command, error) {
	c.By = ""
	if trace, ok := c.Body.(massbalance.TraceRecall); ok {
		trace.Claims = nil
		c.Body = trace
	}
	rename := renamerOf(reflect.TypeOf(c.Body))
	if rename == nil {
		return c, nil
	}
	body := reflect.New(reflect.TypeOf(c.Body)).Elem()
	body.Set(reflect.ValueOf(c.Body))
	if err := rename(body, name); err != nil {
		return c, err
	}
	c.Body = body.Interface().(massbalance.Body)
	return c, nil
}

var (
	lotType      = reflect.TypeFor[massbalance.LotID]()
	evidenceType = reflect.TypeFor[massbalance.EvidenceID]()
	envelopeType = reflect.TypeFor[massbalance.Envelope]()
)

// renamer changes a value in place; what it points to or slices of it are copied
// before, for they are the caller's.
type renamer func(v reflect.Value, name naming) error

var renamers sync.Map // reflect.Type → renamer, nil where there is nothing to change

// renamerOf finds out once for each type what is to be changed in its values.
func renamerOf(t reflect.Type) renamer {
	if r, ok := renamers.Load(t); ok {
		return r.(renamer)
	}
	actual, _ := renamers.LoadOrStore(t, newRenamer(t))
	return actual.(renamer)
}

func newRenamer(t reflect.Type) renamer {
	switch t.Kind() {
	case reflect.String:
		return textRenamer(t)
	case reflect.Slice:
		return sliceRenamer(t)
	case reflect.Pointer:
		rename := renamerOf(t.Elem())
		if rename == nil {
			return nil
		}
		return func(v reflect.Value, name naming) error {
			if v.IsNil() {
				return nil
			}
			pointed := reflect.New(t.Elem())
			pointed.Elem().Set(v.Elem())
			v.Set(pointed)
			return rename(pointed.Elem(), name)
		}
	case reflect.Struct:
		return structRenamer(t)
	}
	return nil
}

func textRenamer(t reflect.Type) renamer {
	switch t {
	case evidenceType:
		return func(v reflect.Value, _ naming) error {
			v.SetString("")
			return nil
		}
	case lotType:
		return func(v reflect.Value, name naming) error {
			if v.Len() == 0 {
				return nil
			}
			other, err := name(massbalance.LotID(v.String()))
			if err == nil {
				v.SetString(other)
			}
			return err
		}
	}
	return nil
}

// sliceRenamer copies a list. Documents are left out, how many there were included.
func sliceRenamer(t reflect.Type) renamer {
	if t.Elem() == evidenceType {
		return func(v reflect.Value, _ naming) error {
			v.SetZero()
			return nil
		}
	}
	rename := renamerOf(t.Elem())
	if rename == nil {
		return nil
	}
	return func(v reflect.Value, name naming) error {
		if v.IsNil() {
			return nil
		}
		copied := reflect.MakeSlice(t, v.Len(), v.Len())
		reflect.Copy(copied, v)
		v.Set(copied)
		for i := range v.Len() {
			if err := rename(v.Index(i), name); err != nil {
				return err
			}
		}
		return nil
	}
}

// structRenamer leaves documents that certifiers signed as they are.
func structRenamer(t reflect.Type) renamer {
	if _, signed := t.FieldByName("Envelope"); signed || t == envelopeType {
		return nil
	}
	var at []int
	var renames []renamer
	for i := range t.NumField() {
		if rename := renamerOf(t.Field(i).Type); rename != nil && t.Field(i).IsExported() {
			at, renames = append(at, i), append(renames, rename)
		}
	}
	if len(at) == 0 {
		return nil
	}
	return func(v reflect.Value, name naming) error {
		for i, rename := range renames {
			if err := rename(v.Field(at[i]), name); err != nil {
				return err
			}
		}
		return nil
	}
}

package console

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/chaincode/wire"
	"github.com/weighbridge/weighbridge/gateway/readmodel"
)

// proposal is a kind of change of the common register.
type proposal struct {
	gives massbalance.Body
	name  string
	// entries are what may be changed, nil where that is not asked; added says
	// how the choice of a new one is called, "" where there is none.
	entries func(*form) ([]choice, error)
	added   string
	// form makes the body for an entry, "" for a new one.
	form func(f *form, entry string) (massbalance.Body, error)
}

// newEntry is the choice of what is not on the register yet, asJSON that of a
// body in the ledger's own form.
const (
	newEntry = "+"
	asJSON   = "json"
)

// proposals are the changes that a form may begin.
func proposals() []proposal {
	return []proposal{
		{massbalance.RegisterProduct{}, "A product", (*form).productEntries, "A new product", productForm},
		{massbalance.RegisterRecipe{}, "A recipe with its factors", (*form).recipeEntries, "A new recipe", recipeForm},
		{massbalance.RegisterProfile{}, "A scheme's profile", (*form).profileEntries, "The profile of another scheme", profileForm},
		{massbalance.RegisterBaseline{}, "The average of a product and region", (*form).baselineEntries, "Another product or region", baselineForm},
		{massbalance.RegisterOrganisation{}, "A member", (*form).memberEntries, "A new member", memberForm},
		{massbalance.RemoveOrganisation{}, "A member leaves", (*form).leavingEntries, "", removeForm},
		{massbalance.RegisterCertifier{}, "A certification body's keys", (*form).certifierEntries, "", certifierForm},
		{massbalance.RegisterCosigner{}, "A cosigner of checkpoints", (*form).memberEntries, "", cosignerForm},
		{massbalance.AdoptFinding{}, "Recall a statement whose certifier does not", nil, "", findingForm},
		{massbalance.AdoptRules{}, "The next version of the rules", nil, "", rulesForm},
	}
}

// proposable are the commands by which the common register changes.
func proposable() (bodies []massbalance.Body) {
	for _, p := range proposals() {
		bodies = append(bodies, p.gives)
	}
	return bodies
}

// proposeForm asks for a change of the common register.
func proposeForm(f *form) (massbalance.Body, error) {
	var choices []choice
	for _, p := range proposals() {
		choices = append(choices, choice{Value: p.gives.Type(), Name: p.name})
	}
	choices = append(choices, choice{Value: asJSON, Name: "Any of these, as a file has it"})
	kind := f.decides("type", "What is to change", "It takes effect once a majority of the trading members asked for the same", choices)
	if kind == asJSON {
		return pastedForm(f)
	}
	for _, p := range proposals() {
		if p.gives.Type() == kind {
			return f.proposed(p)
		}
	}
	return nil, nil
}

// proposed asks which entry is to change, and how. What was typed for another
// one is forgotten.
func (f *form) proposed(p proposal) (massbalance.Body, error) {
	entry := ""
	if p.entries != nil {
		choices, err := p.entries(f)
		if err != nil {
			return nil, err
		}
		if p.added != "" {
			choices = append([]choice{{Value: newEntry, Name: p.added}}, choices...)
		}
		if len(choices) == 0 {
			f.Stop = "There is nothing on the register that could be changed so."
			return nil, nil
		}
		if entry = f.decides("entry", "Which", "One that is on the register gets its next version; the one in force stays readable for ever.", choices); entry == "" {
			return nil, nil
		}
	}
	shown := p.gives.Type() + " " + entry
	if f.settled = f.typed.Get("shown") == shown; !f.settled {
		f.typed = url.Values{"type": {p.gives.Type()}, "entry": {entry}}
	}
	f.Carry = append(f.Carry, hidden{"shown", shown})
	return p.form(f, strings.TrimPrefix(entry, newEntry))
}

// pastedForm takes a change in the ledger's own form, such as a scheme's profile
// that somebody sent.
func pastedForm(f *form) (massbalance.Body, error) {
	var choices []choice
	for _, p := range proposals() {
		choices = append(choices, choice{Value: p.gives.Type(), Name: p.name})
	}
	kind := f.choose("kind", "What it is", "", choices)
	one := f.add("area", "content", "Content", "As the interface for programs has the command's body. Before it is sent, you see what would change.")
	one.Wide = true
	if !f.need(one, "Paste it") || kind == "" {
		return nil, nil
	}
	kindText, err := json.Marshal(kind)
	if err != nil {
		return nil, fmt.Errorf("couldn't write a kind: %w", err)
	}
	command, err := wire.Decode[massbalance.Command]([]byte(`{"id":"x","type":` + string(kindText) + `,"body":` + one.Value + `}`))
	if err != nil {
		one.fail("%s", err)
		return nil, nil
	}
	return command.Body, nil
}

// next is the version that follows on one in force; 0 stands for 1, and nothing
// for none.
func next(known bool, version int) int {
	if !known {
		return 1
	}
	return max(version, 1) + 1
}

func (f *form) productEntries() ([]choice, error) { return f.productChoices() }

func (f *form) recipeEntries() (choices []choice, err error) {
	recipes, err := f.s.Recipes("", readmodel.Page{Limit: readmodel.MaxLimit})
	for _, r := range recipes.Items {
		choices = append(choices, choice{Value: string(r.ID), Name: fmt.Sprintf("%s: %s to %s", r.ID, f.productName(r.Input), f.outputNames(r))})
	}
	return choices, err
}

func (f *form) profileEntries() (choices []choice, err error) {
	profiles, err := readmodel.AllThings[massbalance.Profile](f.s, massbalance.KindProfile, readmodel.ThingFilter{})
	for _, p := range profiles {
		choices = append(choices, choice{Value: string(p.Value.Scheme), Name: p.Value.Name})
	}
	return choices, err
}

func (f *form) baselineEntries() (choices []choice, err error) {
	baselines, err := readmodel.AllThings[massbalance.Baseline](f.s, massbalance.KindBaseline, readmodel.ThingFilter{})
	for _, b := range baselines {
		choices = append(choices, choice{Value: string(b.Value.Product) + "/" + b.Value.Region, Name: f.productName(b.Value.Product) + " of " + b.Value.Region})
	}
	return choices, err
}

func (f *form) memberEntries() ([]choice, error) { return f.memberChoices() }

func (f *form) leavingEntries() (choices []choice, err error) {
	consortium, err := find[massbalance.Consortium](f.lens, massbalance.ConsortiumKey())
	for _, m := range consortium.Members {
		if m.Role != massbalance.Former {
			choices = append(choices, choice{Value: string(m.Organisation), Name: m.Name})
		}
	}
	return choices, err
}

func (f *form) certifierEntries() (choices []choice, err error) {
	consortium, err := find[massbalance.Consortium](f.lens, massbalance.ConsortiumKey())
	for _, m := range consortium.Members {
		if m.Role == massbalance.Certification {
			choices = append(choices, choice{Value: string(m.Organisation), Name: m.Name})
		}
	}
	return choices, err
}

// id is the short name of a new entry; that of one on the register stands.
func (f *form) id(entry, name, hint string) string {
	if entry != "" {
		return entry
	}
	return f.name(name, "Short name", cmp.Or(hint, "It stands in every record and never changes"))
}

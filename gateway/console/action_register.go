package console

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// This file holds the fields of what is common: each form begins with what is in
// force and makes the next version of it.

func productForm(f *form, entry string) (massbalance.Body, error) {
	before, err := find[massbalance.Product](f.lens, massbalance.ProductKey(massbalance.ProductID(entry)))
	if err != nil {
		return nil, err
	}
	f.preset("name", before.Name)
	f.preset("moisture", shownPart(before.ReferenceMoisture))
	for i, c := range before.YieldCaps {
		f.presetRow("caps", i, map[string]string{"region": c.Region, "kg": c.PerHectare.String(), "source": c.Source})
	}
	for i, l := range before.RegionLimits {
		f.presetRow("limits", i, map[string]string{"region": l.Region, "vintage": strconv.Itoa(l.Vintage), "kg": l.Quantity.String(), "source": l.Source})
	}
	p := massbalance.Product{ID: massbalance.ProductID(f.id(entry, "id", "")), Version: next(entry != "", before.Version)}
	p.Name = f.text("name", "Name", "As people call it")
	p.ReferenceMoisture = f.percent("moisture", "Reference moisture", "Loads are booked at this moisture, if there is one")
	for _, row := range f.rows("caps", "Yield caps", "The most that a hectare of a region can yield in a year. Nothing beyond it is let in.",
		column{Name: "region", Label: "Region"}, column{Name: "kg", Label: "Yield", Unit: "kg/ha", Number: true}, column{Name: "source", Label: "Source"}) {
		p.YieldCaps = append(p.YieldCaps, massbalance.YieldCap{Region: row.name("region"), PerHectare: row.kg("kg"), Source: row.text("source", "Where is it published?")})
	}
	for _, row := range f.rows("limits", "Limits of regions", "The most that all statements together may verify of a region's harvest of a year.",
		column{Name: "region", Label: "Region"}, column{Name: "vintage", Label: "Harvest year", Number: true}, column{Name: "kg", Label: "Limit", Unit: "kg", Number: true}, column{Name: "source", Label: "Source"}) {
		p.RegionLimits = append(p.RegionLimits, massbalance.RegionLimit{Region: row.name("region"), Vintage: row.number("vintage"), Quantity: row.kg("kg"), Source: row.text("source", "Where is it published?")})
	}
	return massbalance.RegisterProduct{Product: p}, nil
}

var attributionChoices = []choice{
	{Value: "proportional", Name: "in proportion to what came out"}, {Value: string(massbalance.FreeAttribution), Name: "as the processor says, within the caps"},
	{Value: string(massbalance.FixedShares), Name: "by fixed shares"}, {Value: string(massbalance.AnyDerivative), Name: "as the processor says, each output by its share"},
}

func recipeForm(f *form, entry string) (massbalance.Body, error) {
	before, err := find[massbalance.Recipe](f.lens, massbalance.RecipeKey(massbalance.RecipeID(entry)))
	if err != nil {
		return nil, err
	}
	products, err := f.productChoices()
	if err != nil {
		return nil, err
	}
	f.presetRecipe(before, entry != "")
	blank := append([]choice{{Name: "–"}}, products...)
	r := massbalance.Recipe{ID: massbalance.RecipeID(f.id(entry, "id", "Such as milling")), Version: next(entry != "", before.Version)}
	r.Input = massbalance.ProductID(f.choose("input", "Input", "What is processed", products))
	r.Source = f.text("source", "Source", "Where the factors are published, when, and how far they can be trusted")
	f.field("source").Wide = true
	for _, row := range f.rows("outputs", "Outputs", "The greatest mass of each per mass of input: per cent, or exactly as a fraction such as 18/25. Shares of credit and of emissions only where the recipe fixes them.",
		column{Name: "product", Label: "Product", Choices: blank}, column{Name: "factor", Label: "Factor", Unit: "%", Number: true}, column{Name: "share", Label: "Credit", Unit: "%", Number: true}, column{Name: "emissions", Label: "Emissions", Unit: "%", Number: true}) {
		r.Outputs = append(r.Outputs, massbalance.RecipeOutput{Product: massbalance.ProductID(row.text("product", "Which product?")), Factor: row.part("factor"), Share: row.part("share"), Emissions: row.part("emissions")})
	}
	for _, row := range f.rows("with", "Further inputs", "What may or must go in beside it, as parts of the mass of all inputs.",
		column{Name: "product", Label: "Product", Choices: blank}, column{Name: "least", Label: "At least", Unit: "%", Number: true}, column{Name: "greatest", Label: "At most", Unit: "%", Number: true}) {
		r.With = append(r.With, massbalance.RecipeInput{Product: massbalance.ProductID(row.text("product", "Which product?")), Least: row.part("least"), Greatest: row.part("greatest")})
	}
	if mode := f.choose("attribution", "Credit is shared out", "", attributionChoices); mode != "proportional" {
		r.Attribution = massbalance.AttributionMode(mode)
	}
	r.LeastYield = f.percent("least", "Least yield", "What yields less has lost material that somebody must explain first")
	r.GreatestYield = f.percent("greatest", "Greatest yield", "Of all outputs together, where one grows at the cost of another")
	r.Components = f.components(blank)
	return massbalance.RegisterRecipe{Recipe: r}, nil
}

func (f *form) presetRecipe(r massbalance.Recipe, known bool) {
	f.preset("attribution", cmp.Or(string(r.Attribution), "proportional"))
	if !known {
		return
	}
	f.preset("input", string(r.Input))
	f.preset("source", r.Source)
	f.preset("least", shownPart(r.LeastYield))
	f.preset("greatest", shownPart(r.GreatestYield))
	for i, o := range r.Outputs {
		f.presetRow("outputs", i, map[string]string{"product": string(o.Product), "factor": shownPart(o.Factor), "share": shownPart(o.Share), "emissions": shownPart(o.Emissions)})
	}
	for i, in := range r.With {
		f.presetRow("with", i, map[string]string{"product": string(in.Product), "least": shownPart(in.Least), "greatest": shownPart(in.Greatest)})
	}
	i := 0
	for _, c := range r.Components {
		for _, content := range c.Contents {
			f.presetRow("components", i, map[string]string{"name": c.Name, "product": string(content.Product), "content": shownPart(content.Content)})
			i++
		}
	}
}

// components are conserved one by one; each row is one of them in one product.
func (f *form) components(products []choice) (components []massbalance.Component) {
	for _, row := range f.rows("components", "Components", "What no conversion makes more of, such as the fat and the solids of milk: how much of it is in each product.",
		column{Name: "name", Label: "Component"}, column{Name: "product", Label: "Product", Choices: products}, column{Name: "content", Label: "Content", Unit: "%", Number: true}) {
		name := row.text("name", "Which component?")
		content := massbalance.Content{Product: massbalance.ProductID(row.text("product", "In which product?")), Content: row.part("content")}
		if n := len(components); n > 0 && components[n-1].Name == name {
			components[n-1].Contents = append(components[n-1].Contents, content)
			continue
		}
		components = append(components, massbalance.Component{Name: name, Contents: []massbalance.Content{content}})
	}
	return components
}

func baselineForm(f *form, entry string) (massbalance.Body, error) {
	product, region, _ := strings.Cut(entry, "/")
	before, err := find[massbalance.Baseline](f.lens, massbalance.BaselineKey(massbalance.ProductID(product), region))
	if err != nil {
		return nil, err
	}
	b := massbalance.Baseline{Product: massbalance.ProductID(product), Region: region, Version: next(entry != "", before.Version)}
	if entry == "" {
		products, err := f.productChoices()
		if err != nil {
			return nil, err
		}
		b.Product = massbalance.ProductID(f.choose("product", "Product", "", products))
		b.Region = f.name("region", "Region", "As the certifiers' statements name it")
	} else {
		f.preset("intensity", before.Intensity.String())
		f.preset("source", before.Source)
	}
	text := f.text("intensity", "Average emissions", "Of a kilogram, without biogenic uptake and removals. A claim is held against it.")
	one := f.field("intensity")
	one.Unit = "kg CO₂e/kg"
	if b.Intensity, err = massbalance.ParseIntensity(strings.ReplaceAll(text, ",", ".")); err != nil && text != "" {
		one.fail("%q is not a number such as 0.42", text)
	}
	b.Source = f.text("source", "Source", "Where it is published")
	return massbalance.RegisterBaseline{Baseline: b}, nil
}

func memberForm(f *form, entry string) (massbalance.Body, error) {
	before, err := f.member(massbalance.OrganisationID(entry))
	if err != nil {
		return nil, err
	}
	if entry != "" {
		f.preset("name", before.Name)
		f.preset("role", string(before.Role))
	}
	m := massbalance.Member{Organisation: massbalance.OrganisationID(f.id(entry, "organisation", "That of its certificates on the network; it never changes")), Version: next(entry != "", before.Version)}
	m.Name = f.text("name", "Name", "As people call it")
	m.Role = massbalance.Role(f.choose("role", "Role", "", []choice{
		{Value: string(massbalance.Trading), Name: "Trading: moves material, endorses and votes"}, {Value: string(massbalance.Certification), Name: "Certification body: reads everything, signs documents"}}))
	return massbalance.RegisterOrganisation{Member: m}, nil
}

func removeForm(f *form, entry string) (massbalance.Body, error) {
	before, err := f.member(massbalance.OrganisationID(entry))
	f.sure("sure", "It stays on record as a former member, and submits and signs nothing any more")
	return massbalance.RemoveOrganisation{Organisation: before.Organisation, Version: next(true, before.Version)}, err
}

func certifierForm(f *form, entry string) (massbalance.Body, error) {
	before, err := find[massbalance.Certifier](f.lens, massbalance.CertifierKey(massbalance.OrganisationID(entry)))
	if err != nil {
		return nil, err
	}
	for i, k := range before.Keys {
		text, err := k.Point.MarshalText()
		if err != nil {
			return nil, fmt.Errorf("couldn't write a key: %w", err)
		}
		f.presetRow("keys", i, map[string]string{"id": string(k.ID), "point": string(text)})
	}
	c := massbalance.Certifier{ID: massbalance.OrganisationID(entry), Version: next(before.ID != "", before.Version)}
	for _, row := range f.rows("keys", "Signing keys", "P-256 public keys, as base64url of the uncompressed point. A key that is left out signs nothing new; what it signed stays.",
		column{Name: "id", Label: "Name of the key"}, column{Name: "point", Label: "Public key"}) {
		key := massbalance.SigningKey{ID: massbalance.KeyID(row.name("id"))}
		if text := row.text("point", "Which key?"); text != "" {
			if err := key.Point.UnmarshalText([]byte(text)); err != nil {
				row.fail(row.cell("point"), "%s", err)
			}
		}
		c.Keys = append(c.Keys, key)
	}
	return massbalance.RegisterCertifier{Certifier: c}, nil
}

func cosignerForm(f *form, entry string) (massbalance.Body, error) {
	before, err := find[massbalance.Cosigner](f.lens, massbalance.CosignerKey(massbalance.OrganisationID(entry)))
	if err != nil {
		return nil, err
	}
	c := massbalance.Cosigner{Organisation: massbalance.OrganisationID(entry), Version: next(before.Organisation != "", before.Version)}
	text := f.text("key", "Key of its transparency log", "Ed25519, 32 bytes as base64url. Its gateway says it when it starts.")
	one := f.field("key")
	one.Wide = true
	if err := c.Key.UnmarshalText([]byte(text)); err != nil && text != "" {
		one.fail("%s", err)
	}
	return massbalance.RegisterCosigner{Cosigner: c}, nil
}

func findingForm(f *form, _ string) (massbalance.Body, error) {
	bodies, err := f.certifierEntries()
	if err != nil {
		return nil, err
	}
	finding := massbalance.FraudFinding{ID: massbalance.FindingID(f.name("id", "Number of the finding", ""))}
	finding.Certifier = massbalance.OrganisationID(f.choose("certifier", "Certification body", "The one that signed the statement", bodies))
	finding.Statement = massbalance.StatementID(f.name("statement", "Verification statement", "What rests on it is frozen, and claims of it are to be covered"))
	finding.Reason = f.text("reason", "Reason", "Everybody reads it")
	finding.Issued = f.day("issued", "Found on", "", f.today)
	return massbalance.AdoptFinding{Finding: finding}, nil
}

func rulesForm(f *form, _ string) (massbalance.Body, error) {
	rules, err := find[massbalance.Rules](f.lens, massbalance.RulesKey())
	now := max(rules.Version, 1)
	if err == nil && now >= massbalance.RulesVersion {
		f.Stop = fmt.Sprintf("Version %d of the rules is in force, and this program knows no later one.", now)
		return nil, nil
	}
	f.says("Version %d of the rules is in force. From the next command on, version %d would decide; what was accepted before stays under its own.", now, now+1)
	f.sure("sure", "Every member's program knows the next version")
	return massbalance.AdoptRules{Version: now + 1}, err
}

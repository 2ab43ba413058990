using CsCheck;
using Ds4Provider.Engine.Specs.Fixtures;

namespace Ds4Provider.Engine.Specs.Tokenization;

public class PieceReaderSpecs
{
    [Theory]
    [InlineData("Hello world", "Hello| world")]
    [InlineData("x=12345", "x|=|123|45")]
    [InlineData("    int a;\n", "   | int| a|;\n")]
    [InlineData("foo(bar);\n\n  x", "foo|(bar|);\n\n| | x")]
    [InlineData("don't", "don|'t")]
    [InlineData("a  1", "a|  |1")]
    [InlineData(" 中文abc", " |中文|abc")]
    [InlineData("end.  \n next", "end|.|  \n| next")]
    [InlineData("a -- b", "a| --| b")]
    [InlineData("été 日", "été| |日")]
    public void The_published_examples_are_cut_as_published(string text, string pieces) =>
        string.Join('|', Texts.Pieces(text)).ShouldBe(pieces);

    [Theory]
    [InlineData("\n\n  x", "\n\n| | x")]
    [InlineData("\r\n \r\n\t", "\r\n \r\n|\t")]
    [InlineData(">;\n", ">;\n")]
    [InlineData(".foo", ".foo")]
    [InlineData("_x1", "_x|1")]
    [InlineData("\tx", "\tx")]
    [InlineData("😀abc", "😀|abc")]
    [InlineData("abc中文", "abc|中文")]
    [InlineData("，“好”", "，“|好|”")]
    [InlineData("ア・イ", "ア|・|イ")]
    [InlineData("\0\0a", "\0|\0a")]
    [InlineData("٣٤٥٦", "٣٤٥|٦")]
    [InlineData("𠀀𠀁", "𠀀𠀁")]
    [InlineData("a\u3000b", "a|\u3000b")]
    [InlineData("x   ", "x|   ")]
    public void Rules_meet_as_the_expressions_say(string text, string pieces) =>
        string.Join('|', Texts.Pieces(text)).ShouldBe(pieces);

    [Fact]
    public void Every_text_is_cut_as_by_the_three_expressions() =>
        Texts.WellFormed.Sample(text => Texts.Pieces(text).ShouldBe(ThreePassReference.Split(text)), iter: 20_000);

    [Fact]
    public void Every_scalar_alone_and_between_letters_is_cut_as_by_the_three_expressions()
    {
        foreach (var text in Enumerable.Range(0, 0x20000).Where(value => value is < 0xD800 or > 0xDFFF).Select(char.ConvertFromUtf32))
        {
            var sentence = $"a{text}b {text}{text}\n";
            Texts.Pieces(sentence).ShouldBe(ThreePassReference.Split(sentence));
        }
    }

    [Fact]
    public void Pieces_are_the_whole_text() => Texts.Any.Sample(text => string.Concat(Texts.Pieces(text)).ShouldBe(text));

    [Fact]
    public void An_unpaired_surrogate_is_cut_like_the_replacement_character() => Texts.Any.Sample(text =>
        Texts.Pieces(text).Select(Texts.WithoutSurrogates).ShouldBe(Texts.Pieces(Texts.WithoutSurrogates(text))));
}

//! Templates against what Velocity 1.7 itself made of them, with a handler that makes a missing value an empty text.
//!
//! That is how API Gateway was recorded to render. The answers were taken down from the library by hand, once.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{Params, Scope, Template};

/// What the templates can see, as it was for the library.
const VARIABLES: &str = "#set($s = 'text')#set($t = true)#set($f = false)#set($i = 7)\
    #set($m = $util.parseJson('{\"k\":\"v\",\"n\":null,\"f\":false}'))#set($q = $m.put('list', ['a', 'b']))#set($q = '')$!{q}";

const RENDERED: &[(&str, &str)] = &[
    ("Hello $name", "Hello "),
    ("Hello $ x $$ $5 $-a $!! $!{ x", "Hello $ x $$ $5 $-a $! $!{ x"),
    ("Hello $! x", "Hello $ x"),
    ("#set($a = 1)  x", "  x"),
    ("  #set($a = 1)  \nx", "x"),
    ("a #set($a = 1)  \nx", "a x"),
    ("a\n   #if(true)   \n  x  \n   #else  \n  y\n   #end  \nb", "a\n     x  \n   b"),
    ("a #if(true)\n x\n#end c", "a  x\n c"),
    ("#if(true) a #end\nb", " a b"),
    ("#foreach($x in [1..3])\n  $x\n#end\nz", "  1\n  2\n  3\nz"),
    ("#foreach($x in [1..3])$x#if($foreach.hasNext),#end\n#end\nz", "1,2,3z"),
    ("x## comment\ny", "xy"),
    ("  ## comment\ny", "  y"),
    ("x #* c\nc *# y", "x  y"),
    ("  #* c *#  \ny", "    \ny"),
    ("x #** c **# y", "x  y"),
    ("#[[ raw $x #if ]]# y", " raw $x #if  y"),
    ("$m.k.length() $m.get(\"k\") $m['k'] ${m.k}x ${m.get(\"k\").length()}", "1 v v vx 1"),
    ("$m.n|$m.q|$m.get(\"n\")|$foo.bar(\"x\")|$m.bar(\"x\")|$s.foo()|$s.foo", "||||||"),
    ("#set($x = 'a''b $s \\n \"q\"')$x", "a'b $s \\n \"q\""),
    ("#set($x = \"#set($y=3)$y\")$x", "3"),
    ("#set($x = $m.n)[$x]#set($y = 1)#set($y = $u)[$y]", "[][]"),
    ("#if($t && ($u || $f))T#end#if(not $f)N#end#if($t and $f or $t)O#end#if(!$f && !$f)A#end", "TNOA"),
    ("#stop x", ""),
    ("a #stop x", "a "),
    ("#define($d)[$s]#end$d $d() #set($s=\"q\")$d", "[text] [text]() [q]"),
    ("#set($x = {\"a\": 1, \"b\": {\"c\": \"d\"}, $s: 5})$x.a $x.b.c $x $x.text", "1 d {a=1, b={c=d}, text=5} 5"),
    ("${s}text ${s.length()}y $s.length()y $!{s}x $!s.length()", "texttext 4y 4y textx 4"),
    ("#if($s.contains(\"ex\"))a#elseif($s == \"text\")b#{else}c#end", "a"),
    ("#if ( $t )\nyes\n#elseif ( $f )\nno\n#else\nother\n#end\ntail", "yes\ntail"),
    ("{\"a\": \"$s\", \"b\": $m.k}", "{\"a\": \"text\", \"b\": v}"),
    ("#set($q='\"')#set($x = \"{$q\"\"a$q}\")$x", "{\"\"a\"}"),
    ("#set($x = \"a\nb\")$x", "a\nb"),
    ("$i.toString() $t.toString() $i.equals(7) $i.intValue() 7.foo", "7 true true 7 7.foo"),
    ("a\n  #set($a = 1)\nb", "a\n  b"),
    ("a\n  #set($a = 1) c\nb", "a\n   c\nb"),
    ("$s\n  #set($a = 1)\nb", "text\n  b"),
    ("#if($t)\n  #set($a = 1)\n  b\n  #end\nc", "  b\n  c"),
    ("#if($t)  \n   #set($a = 1)  \n   #set($b = 1)  \n   x $a\n#end\n\ny", "   x 1\n\ny"),
    ("$s  #set($a = 1)$s", "texttext"),
    ("a  #set($a = 1)$s", "a  text"),
    ("a\t#set($a = 1)\t\n$s", "a\ttext"),
    ("#foreach($i in [1,2]) \n $i\n\n#end \nz", " 1\n\n 2\n\nz"),
    ("$s\n#if($t)$s\n#end\nz", "text\ntext\nz"),
    ("#if($t)\n#end\n#if($f)\n#else\nz\n#end", "z\n"),
    ("#set( $x = { \"a\" : 1,\n \"b\" : [ 1 ,\n 2 ] } )$x", "{a=1, b=[1, 2]}"),
    ("#set($x =\n5\n)$x", "5"),
    ("#if(\n$t\n)y#end", "y"),
    ("#foreach($i\nin [1,2])$i#end", "12"),
    ("#foreach( $i in  $m.list )$i#end", "ab"),
    ("#if($t)y#{end}z #{if}($t)q#{end} #{set}($x=1)$x #{foreach}($i in [1,2])$i#{end}", "yz q1 12"),
    ("#set($x = 1/0)$x", ""),
    ("#set($x = 1/0)[x]", "[x]"),
    ("#set($x=99999999999999999999);$x", ";99999999999999999999"),
    ("#set($x = 1e3)$x,#set($x = 1.5e3)$x,#set($x=1.)$x", "1000.0,1500.0,1.0"),
    ("#unknown($s) #unknown #fff $s # x #5", "#unknown($s) #unknown #fff text # x #5"),
    ("$s.length() $s.equals('text') $s.equals('text' ) $m.get( \"k\").equals( $s)", "4 true true false"),
    ("$s.contains($u) $s.contains($i) $s.contains($m.n)", "true  true"),
    ("$m.list[0]$m.list[$u]$m.list[\"0\"]", "a"),
    ("$m.list[-1]", "b"),
    ("#foreach($i in {\"a\":1,\"b\":2})$i#end #foreach($i in $i)$i#end #foreach($q in 5)$q#end", "12  "),
    ("#foreach($q in $i)$q#end#foreach($q in $t)$q#end#foreach($q in \"\")$q#end.", "."),
    ("#set($x = \"a$\")[$x]", "[a$]"),
    ("#set($x=\"a#\")[$x]", "[a#]"),
    ("#set($x=\"a # b $ c $5 #5 #\")[$x]", "[a # b $ c $5 #5 #]"),
    ("#set($x=\"a\\\\\")$x #set($x=\"\\$s\")$x", "a\\\\$s"),
    ("#set ($x = 1)$x #if ($t)a#elseif ($t)b#end #foreach ($i in [1])$i#end", "1 a 1"),
    ("#if($t)a#elsevier#end", "a#elsevier"),
    ("#if($t)a#else b#end #if($f)a#else b#end", "a  b"),
    ("#if($s < 5)a#else b#end#if($u > 5)a#else b#end", " b b"),
    ("#if($i > 5.5)a#else b#end#if(\"b\" > \"a\")a#else b#end", "a b"),
    ("#set($a=\"x\")#set($b=$a)#set($a=\"y\")$b$a #set($c = [1])#set($d=$c)#set($e=$d.add(2))$c", "xy[1, 2]"),
    ("#define($d)x$i#end#foreach($i in [1,2])$d#end $d", "x1x2 x7"),
    ("#foreach($i in [1,2,3])#if($i==2)#stop#end$i#end x", "1"),
    ("$_x $a_b-c $-x $x1 $1x ${1} ${ s } $! s $!{s}", "  $-x  $1x ${1} ${ s } $ s text"),
    ("$m.k.length().foo() $m.k.length()( $m.k(", " 1( v("),
    ("$m.k( x )", ""),
    ("$s( x )", "text( x )"),
    ("$s [0] $m.list [0]\n", "text [0] [a, b] [0]\n"),
    ("#if(\"x\" && \"y\")T#{else}F#end#if(1 || 0)T#{else}F#end#if(!\"x\")T#{else}F#end#if(!5)T#{else}F#end", "FFTT"),
    ("#set($x = \"a\" && 1)$x,#set($x = 1 > 2 || 3)$x", "false,false"),
    ("#unknown($s)\nx #unknown ( $s \"a\" )\ny", "#unknown($s)\nx #unknown ( $s \"a\" )\ny"),
    ("#set $x = 5", "#set  = 5"),
    ("#set", "#set"),
    ("#if($i==7&&$t||$f)x#end #if($i==7and $t)y#end", "x y"),
    ("#if($m == \"{k=v, n=null, f=false, list=[a, b]}\")s#end#if($t == \"true\")u#end#if($t == 1)v#{else}w#end", "suw"),
    ("#set($a = $m.put(\"z\", foo))$m.z|$m", "|{k=v, n=null, f=false, list=[a, b], z=null}"),
    ("#set($a=true)#if($a)1#end#set($b = $a)#if($b)2#end #set($q = \"false\")#if($q)3#end", "123"),
    ("$m.get('k').toString().toUpperCase().substring(0,1) ${m.get('k').length()}", "V 1"),
    ("$i.length", ""),
    ("#set($x = \"$m.list[0] $m.list[1]x ${m.list[0]}\")$x", "a bx a"),
    ("$m.list.get(\"0\") $m.list.size ( ) x", "  ( ) x"),
    ("$s.foo(  $i  ,  \"x\"  ,{\"a\":1}, [1,2], [1..2], 1.5, -3, true)!", "!"),
    ("#foreach($i in [1..3])$i#if($foreach.hasNext), #end#end;#foreach( $x in [1..$i] )$x#end", "1, 2, 3;1234567"),
    ("a#set($x=1)\nb#if($x==1)\nc\n#end\nd", "abc\nd"),
    ("#define($l)\n x\n#end\n$l.", " x\n."),
    ("x #if($f)\ny\n  #elseif($t)  \n  z\n  #end  \nw", "x   z\n  w"),
    ("#*unclosed", ""),
    ("#set($s.b.c = 5)#set($new.a=5)[$new]", "[]"),
    ("#set($v = $m.list)#set($v[1] = \"Q\")$m.list #set($m.list.x = 1)", "[a, Q]"),
    ("$!foo.bar() $!m.q ${m.q} $!{m.q}x", "   x"),
    ("#foreach($i in [1,2])#foreach($j in [1,2])#if($j==2)#break#end$i$j #end#end", "11 21 "),
    ("#break x", ""),
    ("$m.k$s$!s${s}$ {s} $s$ ", "vtexttexttext$ {s} text$ "),
    (
        "$m.size().foo. $m. $m.5 $m.k.. $s-a $s_b $s.x-y",
        ". {k=v, n=null, f=false, list=[a, b]}. {k=v, n=null, f=false, list=[a, b]}.5 v..   ",
    ),
    (
        "#set($x = \"\\$s \\\\$s a\"\"b 'c' \\n $u.x $!u $s#if(true)y#end #foreach($i in [1,2])$i#end ## c\")$x",
        "$s \\text a\"b 'c' \\n   texty 12 ",
    ),
    (
        "#if($u)T#{else}F#end #if(!$u)T#{else}F#end #if($u == \"\")T#{else}F#end #if($u == $null)T#{else}F#end #if($m.n == \"\")T#end #if($m.f)T#{else}F#end",
        "T F T T T F",
    ),
    (
        "#if(\"\")T#{else}F#end #if(0)T#{else}F#end #if($i)T#{else}F#end #if([])T#{else}F#end #if({})T#{else}F#end",
        "F F T F F",
    ),
    (
        "#set($x = \"a\" + 1)[$x] #set($x = 1 + \"a\")[$x] #set($x = \"a\" - \"b\")[$x] #set($x = $u + 1)[$x] #set($x = \"a\" + $m)[$x] #set($x = [1] + [2])[$x]",
        "[a1] [1a] [1a] [1] [a{k=v, n=null, f=false, list=[a, b]}] [a{k=v, n=null, f=false, list=[a, b]}]",
    ),
    (
        "#if(1 == 1.0)T#{else}F#end #if(\"1\" == 1)T#{else}F#end #if(\"a\" < \"b\")T#{else}F#end #if(\"a\" == 'a')T#end #if($m == $m)T#end #if([1] == [1])T#{else}F#end #if(true == \"true\")T#{else}F#end",
        "T T F T T T T",
    ),
    (
        "#if($i gt 6)a#end#if($i ge 7)b#end#if($i lt 8)c#end#if($i le 7)d#end#if($i eq 7)e#end#if($i ne 8)f#end#if($i != 8)g#end",
        "abcdefg",
    ),
    (
        "$m $m.list [1,2] #set($l=[1,\"b\",true,1.5,{\"a\":[1]}])$l",
        "{k=v, n=null, f=false, list=[a, b]} [a, b] [1,2] [1, b, true, 1.5, {a=[1]}]",
    ),
    (
        "$foreach #foreach($i in $m)$i,#end#foreach($i in \"text\")$i#end#foreach($i in $m.keySet())$i;#end#foreach($e in $m.entrySet())$e.key=$e.value $e;#end",
        " v,,false,[a, b],k;n;f;list;k=v k=v;n= n=null;f=false f=false;list=[a, b] list=[a, b];",
    ),
    (
        "#foreach($i in [1..3])$foreach.count$foreach.index$foreach.hasNext$foreach.first$foreach.last$velocityHasNext #if($i==2)#break#end#end",
        "10truetruefalsetrue 21truefalsefalsetrue ",
    ),
    (
        "#set($x = [1..3])$x #set($x=[3..1])$x.size() #set($a=2)#set($x=[$a..$i])$x #set($x=[ 1 .. 3 ])$x",
        "[1, 2, 3]3[2, 3, 4, 5, 6, 7][1, 2, 3]",
    ),
    (
        "#set($x = (1 + 2) * 3)$x#set($x = 1 + 2 * 3 - 4 / 2)$x #set($x = !true)$x #set($x = 1 < 2)$x #set($x = $t && $f)$x",
        "95falsetruefalse",
    ),
    (
        "#foreach($a in [\"x\",\"y\"])#foreach($b in [1,2])$foreach.parent.count:$foreach.count #end#end$a|$b",
        "1:1 1:2 2:1 2:2 |",
    ),
    (
        "#set($x = 1.0/3)$x#set($x= 2147483647 + 1);$x#set($x=9223372036854775807+1);$x",
        "0.3333333333333333;2147483648;9223372036854775808",
    ),
    (
        "#set($x = 2 * 1.5)$x,#set($x = 10000000.0 * 10)$x,#set($x=0.0001*0.1)$x,#set($x=5 % 2.5)$x",
        "3.0,1.0E8,1.0E-5,0.0",
    ),
    (
        "#set($m.k = \"new\")$m.k,#set($m.a.b = 1)$m.a,#set($m[\"z\"] = 5)$m.z,#set($m.list[0] = \"q\")$m.list,#set($zz.a = 1)$zz,#set($s.a=2)$s",
        "new,,5,[q, b],,text",
    ),
    (
        "$s.equals(\"$s\") $s.equals(\"${s}x\") #set($q = '\"')#set($x=\"a${q}b$s.length()c\")$x #set($x = \"$m.get('k')\")$x #set($x = \"$m.get(\"\"k\"\")\")$x",
        "true falsea\"b4cvv",
    ),
    (
        "$m.list.size()$m.list.get(0)$m.list.contains(\"a\")$m.list.indexOf(\"b\")$m.list.add(\"c\")$m.list.isEmpty()$m.list.remove(0)$m.list.set(0,\"z\")$m.list",
        "2atrue1truefalseab[z, c]",
    ),
    (
        "#set($x = \"  #set($y=1)  z\")[$x] #set($x = \"## c\")[$x] #set($x=\"a#\")[$x] #set($x=\"$\")[$x]",
        "[  z] [] [a#] [$]",
    ),
    (
        "#set($x = $t == $t && 1 < 2 || $f)$x #set($x = !$t || $t)$x #set($x = not $t)$x #set($x = $t and $t)$x",
        "truetruefalsetrue",
    ),
    (
        "#if(\"x\")T#{else}F#end#if(\"$s\")T#{else}F#end#if(1 + 1)T#{else}F#end#if([1])T#{else}F#end#if({\"a\":1})T#{else}F#end#if((true))T#{else}F#end#if(($s))T#{else}F#end#if(5)T#{else}F#end#if(\"true\")T#{else}F#end",
        "FFFFFTTFF",
    ),
    (
        "$s.split(\"x\").size() $s.split(\"x\")[0] #foreach($i in $s.split(\"\"))$i,#end $s.split(\"zzz\").get(0)",
        "2 te t,e,x,t, text",
    ),
    (
        "#set($x = 5 - 3)$x #set($x = 5- 3)$x #set($x = $i - $i)$x #set($x=$i*2)$x#set($x=2*$i)$x #set($x=$i/2)$x #set($x=$i%4)$x",
        "220141433",
    ),
    (
        "#if($m.k==\"v\")eq#end#if(\"v\"==$m.k)eq#end#if($m.list == [\"a\",\"b\"])eqlist#end#if($m.list.size() > 1)sz#end",
        "eqeqeqlistsz",
    ),
    (
        "$s.indexOf(\"x\", 1) $s.substring(1,2) $s.trim() $s.isEmpty() $s.matches(\"t.*\") $s.equalsIgnoreCase(\"TEXT\") $s.endsWith(\"t\") $s.toString() $s.compareTo(\"u\") $s.charAt(1) $s.toLowerCase() $s.valueOf(5)",
        "2 e text false true true true text -1 e text 5",
    ),
    (
        "$s.equals(5) $s.contains(\"\") $i.equals(\"7\") $i.compareTo(8) $i.doubleValue() $t.equals(true)",
        "false true false -1 7.0 true",
    ),
    (
        "#set($x=1.50)$x #set($x = 100.0 / 50)$x #set($x=1.5 + 1.5)$x #set($x = 1/3.0)$x #set($x = 1e10)$x #set($x=123456789.125)$x #set($x = 1e-5)$x",
        "1.52.03.00.33333333333333331.0E101.23456789125E81.0E-5",
    ),
    (
        "#foreach($k in $m.keySet())\"$k\": \"$m.get($k)\"#if($foreach.hasNext),#end\n\n#end",
        "\"k\": \"v\",\n\"n\": \"\",\n\"f\": \"false\",\n\"list\": \"[a, b]\"\n",
    ),
];

/// What the library does not take, or throws at.
const REFUSED: &[&str] = &[
    "Hello $",
    "#unknown($s) #fff $s#",
    "#set($x = ${s})$x #set($x = $!s)$x #set( $x= -5 )$x #set($x = - 5)$x",
    "$m.list.get(5) after",
    "$m.list[5] after",
    "${s after",
    "#set($x 5)",
    "#if($t) no end",
    "#end",
    "#else",
    "#if($t)x#endOff",
    "$s.length( ) $s.equals('text' ) $m.get( \"k\" ).equals( $s ).foo",
    "#set($x = null)[$x] #set($i = $m.put('k', null))[$m.k]",
    "$s.length( )",
    "#set($x = \"#if($t)\")$x",
    "#set($x='a\\'b')$x",
    "#set($x=\"a\\\"b\")$x",
    "#if($t)a #end #end",
    "${s.} ${m.k.} x",
    "$s[0] $s[ $m[k]",
    "#fff ($s) #fff($s + 1)",
    "#fff ( x",
    "#if $x",
    "#foreach $i in $l",
    "\\#if \\#unknown \\\\#unknown \\\\#if(true)x\\\\#end \\\\\\#if a\\\\b \\\\#{else}",
    "#set($x = -$i)$x",
    "#set($x = $i.length())[$x] #set($x = [ ])$x #set($x = { })$x #set($x = [1 , 2 ,3])$x",
    "#set($x = [1, 2,])$x",
    "text #end",
    "#[[unclosed",
    "#set($x = 'unclosed)",
    "#if($t)#foreach($i in [1])#end",
    "#set($m.list[9] = \"Q\")$m.list",
    "a$",
    "a$!",
    "a #",
];

fn render(template: &str) -> Result<String, String> {
    let params = Params::default();
    let scope = Scope { body: "", params: &params, context: &Json::Null, stage_variables: &BTreeMap::new() };
    let template = Template::parse(&format!("{VARIABLES}{template}")).map_err(|error| error.to_string())?;
    template.render(&scope).map(|rendered| rendered.text).map_err(|error| error.to_string())
}

#[test]
fn what_the_library_renders_is_rendered_the_same() {
    for (template, expected) in RENDERED {
        assert_eq!(render(template).as_deref(), Ok(*expected), "{template}");
    }
}

#[test]
fn what_the_library_refuses_is_refused() {
    for template in REFUSED {
        assert!(render(template).is_err(), "{template}");
    }
}

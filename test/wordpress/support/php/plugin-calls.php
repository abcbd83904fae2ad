<?php
/**
 * Lists what PHP files call: functions, methods, classes and hooks. The argument is the path of a JSON file
 * with the paths of the PHP files. Prints JSON, with the functions that this PHP has. Reads the files with the
 * parser of this PHP, and fails at a file that it cannot parse.
 */

$sitebridge_files = json_decode( file_get_contents( $argv[1] ), true );
$sitebridge_found = array(
	'version'   => PHP_VERSION,
	'functions' => array(),
	'methods'   => array(),
	'classes'   => array(),
	'hooks'     => array(),
	'own'       => array(),
);

/**
 * The tokens of a file, without white space and comments, each as array( id, text, line ).
 *
 * @param string $file Its path.
 * @return array[]
 */
function sitebridge_tokens( $file ) {
	$tokens = array();
	$line   = 1;
	try {
		$parsed = token_get_all( file_get_contents( $file ), TOKEN_PARSE );
	} catch ( ParseError $error ) {
		throw new Exception( "{$file}:{$error->getLine()} is no PHP " . PHP_VERSION . ": {$error->getMessage()}" );
	}
	foreach ( $parsed as $token ) {
		$token = is_array( $token ) ? $token : array( null, $token, $line );
		$line  = $token[2];
		if ( ! in_array( $token[0], array( T_WHITESPACE, T_COMMENT, T_DOC_COMMENT ), true ) ) {
			$tokens[] = $token;
		}
	}
	return $tokens;
}

foreach ( $sitebridge_files as $sitebridge_file ) {
	$tokens = sitebridge_tokens( $sitebridge_file );
	foreach ( $tokens as $n => $token ) {
		if ( T_STRING !== $token[0] ) {
			continue;
		}
		$before = $n > 0 ? $tokens[ $n - 1 ] : array( null, '', 0 );
		$after  = isset( $tokens[ $n + 1 ] ) ? $tokens[ $n + 1 ][1] : '';
		$name   = $token[1];
		$place  = $sitebridge_file . ':' . $token[2];
		if ( in_array( $before[0], array( T_FUNCTION, T_CLASS, T_CONST ), true ) ) {
			$sitebridge_found['own'][] = $name;
		} elseif ( in_array( $before[0], array( T_NEW, T_INSTANCEOF, T_EXTENDS ), true ) || '::' === $after ) {
			$sitebridge_found['classes'][] = array( $name, $place );
		} elseif ( '(' === $after && in_array( $before[1], array( '->', '::' ), true ) ) {
			$sitebridge_found['methods'][] = array( $name, $place );
		} elseif ( '(' === $after ) {
			$sitebridge_found['functions'][] = array( $name, $place );
			if ( preg_match( '/^(add|remove|has|did)_(action|filter)$/', $name ) && T_CONSTANT_ENCAPSED_STRING === $tokens[ $n + 2 ][0] ) {
				$sitebridge_found['hooks'][] = array( trim( $tokens[ $n + 2 ][1], '\'"' ), $place );
			}
		}
	}
}

$sitebridge_found['internal'] = get_defined_functions()['internal'];
echo json_encode( $sitebridge_found );

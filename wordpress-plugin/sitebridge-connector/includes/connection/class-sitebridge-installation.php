<?php
/**
 * Tells this site from its copies.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Stores the home of this site at its last passed test, and a random id. A copy of the site, such as a staging
 * site, has the site's key too, and another home. A copy sends nothing until an administrator has said what it
 * is.
 */
final class Sitebridge_Installation {

	const OPTION = 'sitebridge_connector_installation';

	const DEFAULTS = array(
		// A UUID; '' before the first test.
		'id'     => '',
		// The home at the last passed test; '' before. In hex, because tools that copy a site replace its address
		// wherever it stands in the database.
		'home'   => '',
		// The home at which an administrator chose to stay silent, in hex.
		'silent' => '',
	);

	/**
	 * The home of this site. home_url() would give the home of a language, with plugins for several languages.
	 *
	 * @return string Without a slash at the end.
	 */
	public static function home() {
		$home = untrailingslashit( (string) get_option( 'home' ) );

		return set_url_scheme( $home, is_ssl() ? 'https' : wp_parse_url( $home, PHP_URL_SCHEME ) );
	}

	/**
	 * The home with which this site was connected.
	 *
	 * @return string '' before the first passed test.
	 */
	public function connected_home() {
		return self::from_hex( $this->all()['home'] );
	}

	/**
	 * Whether this is a copy of the connected site, or the site at a new home.
	 *
	 * @return bool
	 */
	public function is_elsewhere() {
		$connected = $this->connected_home();

		return '' !== $connected && ! self::is_same( $connected, self::home() );
	}

	/**
	 * Whether an administrator has yet to say what this site is.
	 *
	 * @return bool
	 */
	public function is_undecided() {
		return $this->is_elsewhere() && ! self::is_same( self::from_hex( $this->all()['silent'] ), self::home() );
	}

	/**
	 * The headers that name this site to the server. A header holds no other characters than ASCII.
	 *
	 * @return string[]
	 */
	public function headers() {
		$encode  = static function ( $found ) {
			return rawurlencode( $found[0] );
		};
		$headers = array( 'X-Sitebridge-Home' => preg_replace_callback( '/[^\x21-\x7e]+/', $encode, self::home() ) );
		$id      = $this->all()['id'];

		return '' === $id ? $headers : $headers + array( 'X-Sitebridge-Installation' => $id );
	}

	/**
	 * Makes the id before the first test.
	 */
	public function begin() {
		if ( '' === $this->all()['id'] ) {
			$this->update( array( 'id' => wp_generate_uuid4() ) );
		}
	}

	/**
	 * Stores the home after a passed test.
	 */
	public function confirm() {
		$this->update(
			array(
				'home'   => bin2hex( self::home() ),
				'silent' => '',
			)
		);
	}

	/**
	 * Deletes the home and the id. The next connection has a new id.
	 */
	public function forget() {
		delete_option( self::OPTION );
	}

	/**
	 * Lets this copy stay silent, without asking again.
	 */
	public function stay_silent() {
		$this->update( array( 'silent' => bin2hex( self::home() ) ) );
	}

	/**
	 * Whether two addresses are the home of one site: the scheme and `www` do not count. The server compares
	 * in the same way.
	 *
	 * @param string $one   An address.
	 * @param string $other An address.
	 * @return bool
	 */
	private static function is_same( $one, $other ) {
		$parts = array();
		foreach ( array( $one, $other ) as $address ) {
			$url     = (array) wp_parse_url( $address ) + array(
				'scheme' => '',
				'host'   => '',
				'port'   => 0,
				'path'   => '',
			);
			$parts[] = array( preg_replace( '/^www\./', '', strtolower( $url['host'] ) ), rtrim( $url['path'], '/' ), $url );
		}
		list( $first, $second ) = $parts;

		return $first[0] === $second[0] && $first[1] === $second[1]
			&& ( $first[2]['scheme'] !== $second[2]['scheme'] || $first[2]['port'] === $second[2]['port'] );
	}

	/**
	 * The stored values.
	 *
	 * @return string[] As in DEFAULTS.
	 */
	private function all() {
		$stored = get_option( self::OPTION, array() );

		return array_merge( self::DEFAULTS, is_array( $stored ) ? array_intersect_key( $stored, self::DEFAULTS ) : array() );
	}

	/**
	 * Stores some values and keeps the others.
	 *
	 * @param string[] $changes New values by name.
	 */
	private function update( array $changes ) {
		update_option( self::OPTION, $changes + $this->all(), false );
	}

	/**
	 * A stored address.
	 *
	 * @param string $hex The address in hex.
	 * @return string '' when nothing valid is stored.
	 */
	private static function from_hex( $hex ) {
		return is_string( $hex ) && 1 === preg_match( '/^([0-9a-f]{2})+$/D', $hex ) ? (string) hex2bin( $hex ) : '';
	}
}

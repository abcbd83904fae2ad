<?php
/**
 * The messages about posts.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Builds the messages about posts. The server refuses unknown fields.
 */
final class Sitebridge_Post_Message {

	/**
	 * Knows which types and taxonomies the server is told about.
	 *
	 * @var Sitebridge_Structure
	 */
	private $structure;

	/**
	 * Reads single fields.
	 *
	 * @var Sitebridge_Item_Fields
	 */
	private $fields;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Structure $structure The site's structure.
	 */
	public function __construct( Sitebridge_Structure $structure ) {
		$this->structure = $structure;
		$this->fields    = new Sitebridge_Item_Fields( $structure );
	}

	/**
	 * Whether the server is told about a post. The post's type must be in the structure, and the post must
	 * not be a draft that nobody has saved yet.
	 *
	 * @param WP_Post|null $post The post.
	 * @return bool
	 */
	public function is_told( $post ) {
		return $post instanceof WP_Post && ! in_array( $post->post_status, array( 'auto-draft', 'inherit' ), true ) && $this->structure->has_post_type( $post->post_type );
	}

	/**
	 * The message about a post as it is now.
	 *
	 * @param int    $post_id         The post.
	 * @param string $topic           `status` or `metadata`.
	 * @param string $op_id           The id of the server's operation that made the change, or ''.
	 * @param bool   $without_picture Whether to report that there is no featured image.
	 * @return string|null JSON, or null when there is nothing to report.
	 */
	public function build( $post_id, $topic, $op_id, $without_picture = false ) {
		$post = get_post( $post_id );
		// Trashing adds a suffix to the slug, which the server must not take over. The status message is
		// enough.
		if ( ! $this->is_told( $post ) || ( 'metadata' === $topic && 'trash' === $post->post_status ) ) {
			return null;
		}
		$facts = 'status' === $topic ? self::status_facts( $post ) : $this->metadata_facts( $post, $without_picture );

		return self::encode( self::head( $post, self::content( $post ) ) + $facts + self::tail( self::modified( $post ), $op_id ) );
	}

	/**
	 * The message that a post was permanently deleted.
	 *
	 * @param WP_Post $post       The deleted post.
	 * @param array   $content    See content().
	 * @param string  $op_id      The id of the server's operation that deleted the post, or ''.
	 * @return string JSON.
	 */
	public function build_deleted( WP_Post $post, array $content, $op_id ) {
		return self::encode( self::head( $post, $content ) + array( 'status' => 'deleted' ) + self::tail( time(), $op_id ) );
	}

	/**
	 * Identifies the content that a post is linked to.
	 *
	 * @param WP_Post|null $post The post.
	 * @return array `content_key`, or `content_id` if only an older server's number is known; empty for a
	 *               post without a content.
	 */
	public static function content( $post ) {
		$key = $post instanceof WP_Post ? Sitebridge_Item_Link::key( $post ) : '';
		if ( '' !== $key || ! $post instanceof WP_Post ) {
			return '' === $key ? array() : array( 'content_key' => $key );
		}
		try {
			$numbers = Sitebridge_Number_Link::numbers( array( $post->ID ) );
		} catch ( RuntimeException $error ) {
			return array();
		}

		return isset( $numbers[ $post->ID ] ) ? array( 'content_id' => $numbers[ $post->ID ] ) : array();
	}

	/**
	 * The first fields of every message.
	 *
	 * @param WP_Post $post       The post.
	 * @param array   $content    See content().
	 * @return array
	 */
	private static function head( WP_Post $post, array $content ) {
		return array( 'external_id' => (string) $post->ID ) + $content + array( 'post_type' => $post->post_type );
	}

	/**
	 * The last fields of every message.
	 *
	 * @param int    $modified Unix seconds.
	 * @param string $op_id    The id of the server's operation, or ''.
	 * @return array
	 */
	private static function tail( $modified, $op_id ) {
		return array( 'modified_gmt' => gmdate( 'Y-m-d\TH:i:s\Z', $modified ) ) + ( '' !== $op_id ? array( 'op_id' => $op_id ) : array() );
	}

	/**
	 * Status and address.
	 *
	 * @param WP_Post $post The post.
	 * @return array
	 */
	private static function status_facts( WP_Post $post ) {
		// A post in the trash has no address.
		$url = 'trash' === $post->post_status ? '' : (string) get_permalink( $post );

		return array( 'status' => $post->post_status ) + ( '' !== $url && strlen( $url ) <= 2000 ? array( 'url' => $url ) : array() );
	}

	/**
	 * Title, slug, excerpt, terms and meta, as the REST API shows them to an editor.
	 *
	 * @param WP_Post $post            The post.
	 * @param bool    $without_picture Whether to report that there is no featured image.
	 * @return array
	 */
	private function metadata_facts( WP_Post $post, $without_picture ) {
		$meta    = (array) $this->fields->meta( $post );
		$picture = Sitebridge_Item_Fields::picture( $post );
		if ( $picture > 0 || ( $without_picture && Sitebridge_Item_Fields::has_picture( $post->post_type ) ) ) {
			$meta['featured_media'] = $picture;
		}

		return array(
			'title'   => $post->post_title,
			'slug'    => $post->post_name,
			'excerpt' => $post->post_excerpt,
			'terms'   => $this->fields->terms( $post ),
			'meta'    => (object) $meta,
		);
	}

	/**
	 * When the post was last modified; the current time if that is unknown. A draft with a date that was
	 * never published has no time in UTC.
	 *
	 * @param WP_Post $post The post.
	 * @return int Unix seconds.
	 */
	private static function modified( WP_Post $post ) {
		$seconds = strtotime( Sitebridge_Item_Fields::modified_gmt( $post ) . ' +0000' );

		return false !== $seconds && $seconds > 0 ? $seconds : time();
	}

	/**
	 * A message as JSON in plain ASCII, which every database stores unchanged.
	 *
	 * @param array $message The message.
	 * @return string
	 */
	private static function encode( array $message ) {
		$json = wp_json_encode( $message );
		if ( false === $json ) {
			// A meta value that JSON cannot represent, such as INF, becomes null. All other values stay.
			$json = (string) wp_json_encode( $message, JSON_PARTIAL_OUTPUT_ON_ERROR );
		}

		return $json;
	}
}

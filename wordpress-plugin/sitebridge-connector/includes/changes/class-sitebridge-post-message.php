<?php
/**
 * What is told about a post.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Makes the messages about posts. The server refuses fields that it does not know.
 */
final class Sitebridge_Post_Message {

	/**
	 * Knows which types and taxonomies are told about.
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
	 * Takes what it needs.
	 *
	 * @param Sitebridge_Structure $structure The site's structure.
	 */
	public function __construct( Sitebridge_Structure $structure ) {
		$this->structure = $structure;
		$this->fields    = new Sitebridge_Item_Fields( $structure );
	}

	/**
	 * Whether the server is told about a post: of a type that it was told of, and more than a draft that
	 * nobody has saved yet.
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
	 * @param string $op_id           The server's operation that made the change, or ''.
	 * @param bool   $without_picture Whether to say that there is no featured image.
	 * @return string|null JSON, or null when there is nothing to tell.
	 */
	public function build( $post_id, $topic, $op_id, $without_picture = false ) {
		$post = get_post( $post_id );
		// Trashing adds to the slug what no server should take over; its status says it all.
		if ( ! $this->is_told( $post ) || ( 'metadata' === $topic && 'trash' === $post->post_status ) ) {
			return null;
		}
		$facts = 'status' === $topic ? self::status_facts( $post ) : $this->metadata_facts( $post, $without_picture );

		return self::encode( self::head( $post, self::content( $post ) ) + $facts + self::tail( self::modified( $post ), $op_id ) );
	}

	/**
	 * The message that a post is gone for good.
	 *
	 * @param WP_Post $post       The post that was.
	 * @param array   $content    See content().
	 * @param string  $op_id      The server's operation that deleted it, or ''.
	 * @return string JSON.
	 */
	public function build_deleted( WP_Post $post, array $content, $op_id ) {
		return self::encode( self::head( $post, $content ) + array( 'status' => 'deleted' ) + self::tail( time(), $op_id ) );
	}

	/**
	 * Which content of the server a post is.
	 *
	 * @param WP_Post|null $post The post.
	 * @return array `content_key`, or `content_id` where only an older server's number is known, or nothing.
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
	 * What every message begins with.
	 *
	 * @param WP_Post $post       The post.
	 * @param array   $content    See content().
	 * @return array
	 */
	private static function head( WP_Post $post, array $content ) {
		return array( 'external_id' => (string) $post->ID ) + $content + array( 'post_type' => $post->post_type );
	}

	/**
	 * What every message ends with.
	 *
	 * @param int    $modified Unix seconds.
	 * @param string $op_id    The server's operation, or ''.
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
	 * Title, slug, excerpt, terms and meta, as the REST API gives them to an editor.
	 *
	 * @param WP_Post $post            The post.
	 * @param bool    $without_picture Whether to say that there is no featured image.
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
	 * When the post was last modified. A draft that was given a date but never published has no time in UTC.
	 *
	 * @param WP_Post $post The post.
	 * @return int Unix seconds.
	 */
	private static function modified( WP_Post $post ) {
		$seconds = strtotime( Sitebridge_Item_Fields::modified_gmt( $post ) . ' +0000' );

		return false !== $seconds && $seconds > 0 ? $seconds : time();
	}

	/**
	 * JSON in plain ASCII, which every database keeps as it is.
	 *
	 * @param array $message The message.
	 * @return string
	 */
	private static function encode( array $message ) {
		$json = wp_json_encode( $message );
		if ( false === $json ) {
			// A meta value that JSON cannot hold, such as INF, becomes null; everything else is told.
			$json = (string) wp_json_encode( $message, JSON_PARTIAL_OUTPUT_ON_ERROR );
		}

		return $json;
	}
}
